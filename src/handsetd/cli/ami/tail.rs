//! `handsetd ami tail`: prints live events, one JSON object per line.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use handset_ami::{Client, Event, State};
use handset_net::tasks::Tasks;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::server::{LOG_OFF_TIMEOUT, Server, connected};
use crate::telemetry::{TerminalSafe, TerminalSafeJson};

/// Show live events as JSON lines, until Ctrl-C
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    handsetd ami tail --event QueueMemberPause\n  \
    handsetd ami tail | jq -c '.headers[0]'")]
pub(super) struct Tail {
    /// Show only events of this name; may be repeated
    #[arg(long, value_name = "NAME")]
    event: Vec<String>,
    #[command(flatten)]
    server: Server,
}

impl Tail {
    /// Prints events until a signal, or until the reader closes the pipe.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            let tasks = Tasks::new();
            let (sender, mut receiver) = mpsc::channel(MAX_QUEUED);
            for client in self.server.clients(&tasks)? {
                connected(&client).await?;
                let (sender, stop) = (sender.clone(), tasks.stop());
                tasks.spawn("tail", async move {
                    tokio::select! {
                        () = stop.cancelled() => (),
                        () = follow(client, sender) => (),
                    }
                });
            }
            drop(sender);
            let printed = loop {
                let received = tokio::select! {
                    _ = terminate.recv() => break Ok(()),
                    _ = interrupt.recv() => break Ok(()),
                    received = receiver.recv() => received,
                };
                let Some((server, event)) = received else {
                    break Ok(());
                };
                let is_selected =
                    self.event.is_empty() || self.event.iter().any(|name| event.is(name));
                if !is_selected {
                    continue;
                }
                match write(&server, &event, out) {
                    Ok(()) => (),
                    // The reader has closed the pipe.
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            tasks.shut_down(LOG_OFF_TIMEOUT).await;
            printed.context("cannot write the events")?;
            Ok(ExitCode::SUCCESS)
        })
    }
}

fn write(server: &str, event: &Event, out: &mut impl Write) -> io::Result<()> {
    let headers: Vec<_> = event.headers().collect();
    let line = json!({"type": "event", "server": server, "headers": headers});
    writeln!(out, "{}", TerminalSafeJson(line))?;
    out.flush()
}

/// Forwards the events of a server, and reports lost connections on standard error.
async fn follow(client: Client, sender: mpsc::Sender<(String, Event)>) {
    let (mut events, mut state) = (client.events(), client.state());
    state.mark_unchanged();
    let mut lost = 0;
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            changed = state.changed() => {
                if changed.is_err() {
                    return;
                }
                if let State::Lost { reason, .. } | State::Refused { reason, .. } = &*state.borrow() {
                    report(&format!("lost the connection to Asterisk {}: {reason}", client.name()));
                }
                continue;
            }
        };
        let Some(event) = event else { return };
        if events.lost() != lost {
            let newly_lost = events.lost().saturating_sub(lost);
            lost = events.lost();
            report(&format!(
                "lost {newly_lost} events: the output is read too slowly"
            ));
        }
        if sender
            .send((client.name().to_owned(), event))
            .await
            .is_err()
        {
            return;
        }
    }
}

fn report(message: &str) {
    // If this fails, there is nowhere to report it.
    let _ = writeln!(io::stderr(), "handsetd: {}", TerminalSafe(message));
}

/// How many events may wait to be written.
const MAX_QUEUED: usize = 1024;
