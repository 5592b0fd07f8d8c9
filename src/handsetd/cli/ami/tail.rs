//! `handsetd ami tail`: prints live events, one JSON object per line.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use handset_ami::{Client, Event, Events, Losses, State};
use handset_net::tasks::Tasks;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::Instant;

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
            let clients = self.server.clients(&tasks)?;
            // Events come with the answer to the login.
            let clients = clients.into_iter().map(|client| (client.events(), client));
            for (events, client) in clients.collect::<Vec<_>>() {
                connected(&client).await?;
                let (sender, stop) = (sender.clone(), tasks.stop());
                let names = self.event.clone();
                tasks.spawn("tail", async move {
                    tokio::select! {
                        () = stop.cancelled() => (),
                        () = follow(client, events, &names, sender) => (),
                    }
                });
            }
            drop(sender);
            let (mut received, mut text) = (Vec::new(), Vec::new());
            let printed = loop {
                let count = tokio::select! {
                    _ = terminate.recv() => break Ok(()),
                    _ = interrupt.recv() => break Ok(()),
                    count = receiver.recv_many(&mut received, MAX_QUEUED) => count,
                };
                if count == 0 {
                    break Ok(());
                }
                text.clear();
                for (server, event) in received.drain(..) {
                    write(&server, &event, &mut text)?;
                }
                match out.write_all(&text).and_then(|()| out.flush()) {
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
    writeln!(out, "{}", TerminalSafeJson(line))
}

/// Forwards the events of a server that have one of `names`, or all if there is none, and reports lost
/// connections on standard error.
async fn follow(
    client: Client,
    mut events: Events,
    names: &[String],
    sender: mpsc::Sender<(Arc<str>, Event)>,
) {
    let server: Arc<str> = client.name().into();
    let mut state = client.state();
    state.mark_unchanged();
    let mut losses = Losses::default();
    loop {
        let lost = events.lost();
        let event = tokio::select! {
            event = events.next() => match event {
                Some(event) => Some(event),
                None => return,
            },
            () = losses.until_due(lost) => None,
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
        if let Some(lost) = losses.due(events.lost(), Instant::now()) {
            report(&format!(
                "lost {lost} events: the output is read too slowly"
            ));
        }
        let is_selected =
            |event: &Event| names.is_empty() || names.iter().any(|name| event.is(name));
        if let Some(event) = event.filter(is_selected)
            && sender.send((Arc::clone(&server), event)).await.is_err()
        {
            return;
        }
    }
}

fn report(message: &str) {
    // If this fails, there is nowhere to report it.
    let _ = writeln!(io::stderr(), "handsetd: {}", TerminalSafe(message));
}

/// How many events of a server may wait to be written, besides those that wait in its client.
const MAX_QUEUED: usize = 1024;
