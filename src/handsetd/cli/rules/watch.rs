//! `handsetd rules watch`: what the rules of the running daemon decide, as it happens.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use super::decision::{Colors, EndLine, Line};
use crate::cli::admin_client::{AdminClient, EventStream, Refused};
use crate::cli::config_file::ConfigFile;
use crate::cli::output_format::OutputFormat;
use crate::telemetry::{TerminalSafe, TerminalSafeJson};

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
    file: ConfigFile,
    /// Print JSON, which is the default on a pipe: one object per line
    #[arg(long)]
    json: bool,
}

impl Watch {
    /// Prints decisions until a signal, or until the reader closes the pipe.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let client = AdminClient::new(&self.file.load()?)?;
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let format = if self.json {
            OutputFormat::Json
        } else {
            OutputFormat::of_stdout()
        };
        let path = match &self.name {
            Some(name) => {
                let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
                format!("/api/v1/traces?rule={name}")
            }
            None => "/api/v1/traces".to_owned(),
        };
        let written = runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            tokio::select! {
                _ = terminate.recv() => Ok(()),
                _ = interrupt.recv() => Ok(()),
                written = watch(&client, &path, format, out) => written,
            }
        });
        match written {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(error) if is_closed_pipe(&error) => Ok(ExitCode::SUCCESS),
            Err(error) => Err(error),
        }
    }
}

/// Prints decisions; ends only with an error.
async fn watch(
    client: &AdminClient,
    path: &str,
    format: OutputFormat,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let colors = Colors::of_stdout();
    let mut stream = client.stream(path).await?;
    loop {
        while let Some(event) = stream.next().await {
            write(&event, format, colors, out).context("cannot write the decisions")?;
        }
        note("lost the connection to the daemon; waiting for it");
        stream = reconnect(client, path).await?;
        note("connected to the daemon again; what its rules did meanwhile is not shown");
    }
}

/// Opens the stream again once the daemon is back; fails only if the daemon refuses it.
async fn reconnect(client: &AdminClient, path: &str) -> anyhow::Result<EventStream> {
    loop {
        sleep(RETRY).await;
        match client.stream(path).await {
            Ok(stream) => return Ok(stream),
            Err(error) if error.is::<Refused>() => return Err(error),
            // Not running, or starting.
            Err(_) => (),
        }
    }
}

/// Writes an event of the stream: a trace, a run that has ended, or how many were missed.
fn write(
    event: &Value,
    format: OutputFormat,
    colors: Colors,
    out: &mut impl Write,
) -> io::Result<()> {
    let is_end = event["verdict"].is_null() && !event["run"].is_null();
    if event["verdict"].is_null() && !is_end {
        let count = event["fields"]["Count"].as_str().unwrap_or("some");
        note(&format!(
            "missed {count} decisions: the output is read too slowly"
        ));
        return Ok(());
    }
    match format {
        OutputFormat::Json => writeln!(out, "{}", TerminalSafeJson(event))?,
        OutputFormat::Text if is_end => writeln!(out, "{}", EndLine { run: event, colors })?,
        OutputFormat::Text => {
            let (trace, names_rule) = (event, true);
            writeln!(
                out,
                "{}",
                Line {
                    trace,
                    colors,
                    names_rule
                }
            )?;
        }
    }
    out.flush()
}

fn note(message: &str) {
    // If this fails, there is nowhere to report it.
    let _ = writeln!(io::stderr(), "handsetd: {}", TerminalSafe(message));
}

/// Whether the reader of the output is gone.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<io::Error>();
    cause.is_some_and(|cause| cause.kind() == ErrorKind::BrokenPipe)
}

/// How long to wait before the daemon is tried again.
const RETRY: Duration = Duration::from_secs(1);
