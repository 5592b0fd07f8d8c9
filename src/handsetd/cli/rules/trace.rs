//! `handsetd rules trace NAME`: what a rule of the running daemon decided on its last events.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::decision::{Line, steps};
use super::list::triggers;
use crate::cli::daemon_args::DaemonArgs;
use crate::cli::output_format::OutputFormat;
use crate::cli::terminal::Colors;
use crate::telemetry::{TerminalSafe, TerminalSafeJson};

/// Show what a rule of the running daemon did on its last events, and why; the newest is last
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  handsetd rules trace 'paused note'\n  handsetd rules trace 'paused note' | jq -r .why"
)]
pub(super) struct Trace {
    /// The name of the rule
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    daemon: DaemonArgs,
    /// Print JSON, which is the default on a pipe: one object per line for each event
    #[arg(long)]
    json: bool,
}

impl Trace {
    /// Runs the command.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let client = self.daemon.client()?;
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let name = utf8_percent_encode(&self.name, NON_ALPHANUMERIC);
        let rule = runtime.block_on(client.get(&format!("/api/v1/rules/{name}")))?;
        if self.json || OutputFormat::of_stdout() == OutputFormat::Json {
            show_json(&rule, out)
        } else {
            show(&rule, Colors::of_stdout(), out)
        }
        .context("cannot write the traces")?;
        Ok(ExitCode::SUCCESS)
    }
}

fn traces(rule: &Value) -> &[Value] {
    rule["traces"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn show_json(rule: &Value, out: &mut impl Write) -> io::Result<()> {
    for trace in traces(rule) {
        writeln!(out, "{}", TerminalSafeJson(trace))?;
    }
    Ok(())
}

fn show(rule: &Value, colors: Colors, out: &mut impl Write) -> io::Result<()> {
    let traces = traces(rule);
    if traces.is_empty() {
        let triggers = triggers(rule);
        return writeln!(
            out,
            "Nothing has happened that fires the rule: {}",
            TerminalSafe(triggers)
        );
    }
    for trace in traces {
        let names_rule = false;
        writeln!(
            out,
            "{}",
            Line {
                trace,
                colors,
                names_rule
            }
        )?;
        for step in steps(trace) {
            writeln!(out, "    {step}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn newest_trace_is_last_and_steps_are_indented() {
        let trace = |verdict: &str, steps: Value| json!({"rule": "a", "event": "Hangup", "at": "", "verdict": verdict, "why": "w", "steps": steps});
        let steps = json!([{"verb": "ping", "keys": {}, "status": "OK", "reason": "r"}]);
        let rule = json!({"traces": [trace("unmet", json!([])), trace("fired", steps)]});
        let mut out = Vec::new();
        show(&rule, Colors::Off, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            " unmet   Hangup: w\n fired   Hangup: w\n    ping: OK, r\n"
        );
        let mut out = Vec::new();
        show_json(&rule, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let verdicts = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let verdicts: Vec<_> = verdicts.map(|trace| trace["verdict"].clone()).collect();
        assert_eq!(verdicts, ["unmet", "fired"]);
        let mut out = Vec::new();
        show(
            &json!({"on": "Hangup", "traces": []}),
            Colors::Off,
            &mut out,
        )
        .unwrap();
        assert!(String::from_utf8(out).unwrap().ends_with(": Hangup\n"));
    }
}
