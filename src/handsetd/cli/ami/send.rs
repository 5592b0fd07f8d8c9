//! `handsetd ami send`: sends one action and prints its response and list.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::Args;
use handset_ami::{Action, Response};
use handset_net::tasks::Tasks;
use serde_json::json;

use super::server::{LOG_OFF_TIMEOUT, Server, connected};
use crate::cli::output_format::OutputFormat;
use crate::telemetry::{TerminalSafe, TerminalSafeJson};

/// Send one action, and print its response and list
#[derive(Args, Debug)]
#[command(after_help = "Exit codes: 0 if the action succeeded, otherwise 1\n\n\
    Examples:\n  \
    handsetd ami send Ping\n  \
    handsetd ami send Command Command='core show channels'\n  \
    handsetd ami send PJSIPShowContacts | jq -c .headers")]
pub(super) struct Send {
    /// The name of the action
    #[arg(value_name = "ACTION")]
    action: String,
    /// Its headers
    #[arg(value_name = "KEY=VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    #[command(flatten)]
    server: Server,
    /// Print JSON, which is the default on a pipe: one object per line
    #[arg(long)]
    json: bool,
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("use the form KEY=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Send {
    /// Sends the action, and prints the response.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let builder = Action::builder(&self.action);
        let headers = self.headers.iter();
        let builder = headers.fold(builder, |builder, (name, value)| builder.with(name, value));
        let action = builder.build().context("invalid action")?;
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let response = runtime.block_on(async {
            let tasks = Tasks::new();
            let client = self.server.client(&tasks)?;
            let response = match connected(&client).await {
                Ok(()) => client.send(action).await.map_err(|error| anyhow!(error)),
                Err(error) => Err(error),
            };
            tasks.shut_down(LOG_OFF_TIMEOUT).await;
            response
        })?;
        match OutputFormat::wanted(self.json) {
            OutputFormat::Text => show(&response, out),
            OutputFormat::Json => write(&response, out),
        }
        .context("cannot write the response")?;
        Ok(if response.is_success() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// Writes one JSON object per line, like `ami decode`.
fn write(response: &Response, out: &mut impl Write) -> io::Result<()> {
    let headers: Vec<_> = response.headers().collect();
    let line = json!({"type": "response", "headers": headers});
    writeln!(out, "{}", TerminalSafeJson(line))?;
    for item in response.items() {
        let headers: Vec<_> = item.headers().collect();
        let line = json!({"type": "event", "headers": headers});
        writeln!(out, "{}", TerminalSafeJson(line))?;
    }
    Ok(())
}

/// Writes the headers as lines, with a blank line between two packets.
fn show(response: &Response, out: &mut impl Write) -> io::Result<()> {
    for (name, value) in response.headers() {
        writeln!(out, "{}: {}", TerminalSafe(name), TerminalSafe(value))?;
    }
    for item in response.items() {
        writeln!(out)?;
        for (name, value) in item.headers() {
            writeln!(out, "{}: {}", TerminalSafe(name), TerminalSafe(value))?;
        }
    }
    Ok(())
}
