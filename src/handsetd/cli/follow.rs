//! Follows a stream of the running daemon until Ctrl-C.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use super::admin_client::{AdminClient, EventStream, Refused};
use crate::telemetry::TerminalSafe;

/// Calls `show` for each event of the stream at `path`, until a signal, or until the reader of the output
/// closes the pipe. Whenever the daemon stops, waits for it.
pub(super) fn follow(
    client: &AdminClient,
    path: &str,
    show: impl FnMut(&Value) -> io::Result<()>,
) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let followed = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => Ok(()),
            _ = interrupt.recv() => Ok(()),
            followed = follow_stream(client, path, show) => followed,
        }
    });
    match followed {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) if is_closed_pipe(&error) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error),
    }
}

/// Calls `show` for each event; ends only with an error.
async fn follow_stream(
    client: &AdminClient,
    path: &str,
    mut show: impl FnMut(&Value) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut stream = client.stream(path).await?;
    loop {
        while let Some(event) = stream.next().await {
            if let Some(count) = missed(&event) {
                note(&format!("missed {count}: the output is read too slowly"));
            } else {
                show(&event).context("cannot write")?;
            }
        }
        note("lost the connection to the daemon; waiting for it");
        stream = reconnect(client, path).await?;
        note("connected to the daemon again; what happened meanwhile is not shown");
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

/// Returns how many items were missed, if that is what the event says.
fn missed(event: &Value) -> Option<&str> {
    let is_notice = event["event"] == "handsetd.missed";
    is_notice.then(|| event["fields"]["Count"].as_str().unwrap_or("some"))
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
