//! `handsetd rules watch`: what the rules of the running daemon decide, as it happens.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::decision::{EndLine, Line};
use crate::cli::daemon_args::DaemonArgs;
use crate::cli::follow::follow;
use crate::cli::output_format::OutputFormat;
use crate::cli::terminal::Colors;
use crate::telemetry::TerminalSafeJson;

/// Show which rules of the running daemon fire, and why others do not, as it happens, until Ctrl-C
///
/// There is a line for each rule that handles an event, and one when a run of a rule has ended. If the daemon stops, the command waits for it
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  handsetd rules watch\n  handsetd rules watch 'paused note' | jq -c '[.verdict, .why]'"
)]
pub(super) struct Watch {
    /// Watch only this rule
    #[arg(value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    daemon: DaemonArgs,
    /// Print JSON, which is the default on a pipe: one object per line
    #[arg(long)]
    json: bool,
}

impl Watch {
    /// Prints decisions until a signal, or until the reader closes the pipe.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let client = self.daemon.client()?;
        let format = OutputFormat::wanted(self.json);
        let colors = Colors::of_stdout();
        let path = match &self.name {
            Some(name) => {
                let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
                format!("/api/v1/traces?rule={name}")
            }
            None => "/api/v1/traces".to_owned(),
        };
        follow(&client, &path, |trace| {
            match format {
                OutputFormat::Json => writeln!(out, "{}", TerminalSafeJson(trace))?,
                OutputFormat::Text if trace["verdict"].is_null() => {
                    let run = trace;
                    writeln!(out, "{}", EndLine { run, colors })?;
                }
                OutputFormat::Text => {
                    let names_rule = true;
                    let line = Line {
                        trace,
                        colors,
                        names_rule,
                    };
                    writeln!(out, "{line}")?;
                }
            }
            out.flush()
        })
    }
}
