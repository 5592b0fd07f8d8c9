//! `handsetd reload`: has the running daemon read its configuration again.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};

use super::daemon_args::DaemonArgs;
use super::output_format::OutputFormat;
use crate::config::Diagnostics;
use crate::outcome::Status;
use crate::telemetry::{TerminalSafe, TerminalSafeJson};

/// Have the running daemon read its configuration again, and report what changed, or what is wrong with it
///
/// If anything is wrong, nothing changes. Phones, groups, vendors, rules, pages, Asterisk servers, users and
/// the limits of the history are replaced at once; other sections need a restart, which the command tells
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 if the configuration is in effect, otherwise 1\n\n\
                  Examples:\n  handsetd reload\n  handsetd reload | jq -r '.result.changed[]'"
)]
pub(super) struct Reload {
    #[command(flatten)]
    daemon: DaemonArgs,
    /// Print JSON, which is the default on a pipe
    #[arg(long)]
    json: bool,
}

impl Reload {
    /// Asks the daemon, and prints its reply.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let reply = match self.daemon.client() {
            Ok(client) => {
                let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
                runtime.block_on(client.post("/api/v1/reload", &Value::Null))?
            }
            Err(error) => refusal(&error.downcast::<Diagnostics>()?),
        };
        let is_success = reply["status"] == "OK";
        if !is_success && reply["result"].is_null() {
            bail!(
                "{}",
                reply["reason"].as_str().unwrap_or("the daemon refuses")
            );
        }
        match OutputFormat::wanted(self.json) {
            OutputFormat::Json => writeln!(out, "{:#}", TerminalSafeJson(&reply)),
            OutputFormat::Text => show(&reply["result"], out),
        }
        .context("cannot write the result")?;
        if is_success {
            return Ok(ExitCode::SUCCESS);
        }
        bail!("{}", reply["reason"].as_str().unwrap_or_default())
    }
}

/// Returns what the daemon would reply: where it listens is part of the configuration, and unknown if that
/// has faults.
fn refusal(faults: &Diagnostics) -> Value {
    let errors: Vec<_> = faults.iter().map(ToString::to_string).collect();
    json!({
        "status": Status::Invalid.word(),
        "reason": "the configuration has faults; the daemon was not asked to read it",
        "result": {"errors": errors, "changed": [], "needs_restart": [], "warnings": []},
    })
}

fn show(result: &Value, out: &mut impl Write) -> io::Result<()> {
    let lines = |key: &str| {
        let list = result[key]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        list.iter().filter_map(Value::as_str)
    };
    for error in lines("errors") {
        // An excerpt of a file has several lines.
        for line in error.lines() {
            writeln!(out, "{}", TerminalSafe(line))?;
        }
    }
    if lines("errors").next().is_some() {
        return Ok(());
    }
    if lines("changed").next().is_none() {
        writeln!(out, "Nothing has changed.")?;
    }
    for change in lines("changed") {
        writeln!(out, "changed: {}", TerminalSafe(change))?;
    }
    for section in lines("needs_restart") {
        writeln!(
            out,
            "not in effect until a restart: {} (systemctl restart handsetd)",
            TerminalSafe(section)
        )?;
    }
    for warning in lines("warnings") {
        writeln!(out, "warning: {}", TerminalSafe(warning))?;
    }
    Ok(())
}
