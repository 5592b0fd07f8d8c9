//! One connection, from the login to its end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{broadcast, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, trace, warn};

use super::action::Action;
use super::config;
use super::counters::Counters;
use super::error::Error;
use super::event::Event;
use super::link::{Reader, Writer};
use super::list;
use super::liveness::{Liveness, Verdict};
use super::pending::{Pending, Resolved};
use super::queue::{Command, Queue};
use super::response::Response;
use super::wire::{Frame, Packet};

/// A connection that is logged in.
#[derive(Debug)]
pub(crate) struct Connection<R, W> {
    pub(crate) reader: Reader<R>,
    pub(crate) writer: Writer<W>,
    /// How its `ActionID`s start.
    pub(crate) prefix: String,
    pub(crate) limits: config::Limits,
    pub(crate) counters: Arc<Counters>,
    pub(crate) events: broadcast::Sender<Event>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<R, W> {
    /// Drives the connection until it ends. `booted` is called once Asterisk says that it is ready
    /// to be asked, or has kept us waiting for too long; until then actions stay in `queue`.
    ///
    /// Events go out by broadcast: a slow listener loses events and learns how many, it never slows
    /// the socket down.
    pub(crate) async fn run(
        self,
        queue: &mut Queue,
        stop: &CancellationToken,
        mut booted: impl FnMut(Boot),
    ) -> (Ended, Instant) {
        let Self {
            mut reader,
            mut writer,
            prefix,
            limits,
            counters,
            events,
        } = self;
        let start = Instant::now();
        let lists = list::Limits {
            items: limits.list_items,
            bytes: limits.list_bytes,
        };
        let mut session = Session {
            pending: Pending::new(prefix, limits.actions, lists),
            liveness: Liveness::new(limits.ping, limits.pong, start),
            pong: None,
            boot_until: Some(start + limits.boot),
            shutting_down: false,
            counters,
            events,
        };
        // What came right behind the answer to the login.
        session.take_frames(&mut reader, &mut booted);
        let ended = loop {
            let wake = session.next_wake();
            let open = session.boot_until.is_none();
            tokio::select! {
                () = stop.cancelled() => break Ended::Stopped,
                read = reader.fill() => match read {
                    // A server that goes down does not always take leave of TCP and TLS.
                    Ok(0) | Err(_) if session.shutting_down => break Ended::ShutDown,
                    Err(error) => break Ended::Failed(error),
                    Ok(0) => break Ended::Closed,
                    Ok(_) => {
                        session.liveness.heard(Instant::now());
                        session.take_frames(&mut reader, &mut booted);
                    }
                },
                written = writer.drain(), if writer.is_dirty() => {
                    if let Err(error) = written {
                        break Ended::Failed(error);
                    }
                }
                command = next(queue, open) => match command {
                    None => break Ended::Stopped,
                    Some(command) if MAX_BACKLOG < writer.backlog() => {
                        let _ = command.reply.send(Err(Error::Busy { limit: limits.actions }));
                    }
                    Some(command) => session.send(command, &mut writer),
                },
                () = sleep_until(wake) => {
                    let now = Instant::now();
                    session.pending.expire(now);
                    if session.boot_until.is_some_and(|until| until <= now) {
                        session.boot_until = None;
                        booted(Boot::Assumed);
                    }
                    match session.look(now) {
                        Verdict::Wait => (),
                        Verdict::Ping => session.ping(now, &mut writer),
                        Verdict::Lost => break Ended::Silent,
                    }
                }
            }
        };
        session.pending.abandon();
        (ended, session.liveness.last_heard())
    }
}

/// Why we take Asterisk for ready.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Boot {
    /// It did not say so within the time it has.
    Assumed,
    /// It said so.
    Told,
}

/// Why a connection is over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    /// Asterisk closed it without a word.
    #[error("the server closed the connection")]
    Closed,
    /// It broke.
    #[error("the connection failed")]
    Failed(#[source] io::Error),
    /// Asterisk went down and said so.
    #[error("the server shut down")]
    ShutDown,
    /// Asterisk does not answer any more.
    #[error("the server does not answer")]
    Silent,
    /// We shall stop, or nobody is left who could send.
    #[error("the client was stopped")]
    Stopped,
}

/// What changes while a connection lives.
#[derive(Debug)]
struct Session {
    pending: Pending,
    liveness: Liveness,
    /// Where the answer to the last ping will be.
    pong: Option<oneshot::Receiver<Result<Response, Error>>>,
    /// Until when Asterisk may say that it is ready; over once it has.
    boot_until: Option<Instant>,
    /// Asterisk announced its end.
    shutting_down: bool,
    counters: Arc<Counters>,
    events: broadcast::Sender<Event>,
}

impl Session {
    fn next_wake(&self) -> Instant {
        [self.pending.next_deadline(), self.boot_until]
            .into_iter()
            .flatten()
            .fold(self.liveness.next_look(), Instant::min)
    }

    fn take_frames<R>(&mut self, reader: &mut Reader<R>, booted: &mut impl FnMut(Boot))
    where
        R: AsyncRead + Unpin,
    {
        while let Some(frame) = reader.frame() {
            match frame {
                Frame::Packet { block, .. } => self.take(Packet::parse(&block), booted),
                Frame::TooLong { head, length, .. } => {
                    Counters::add(&self.counters.skipped, 1);
                    warn!(length, head = %head.escape_ascii(), "Skipped a packet over the limit.");
                }
                Frame::Banner { line: rest, .. } | Frame::Unfinished { rest, .. } => {
                    Counters::add(&self.counters.skipped, 1);
                    warn!(text = %rest.escape_ascii(), "Skipped what is no message.");
                }
            }
        }
    }

    fn take(&mut self, packet: Packet, booted: &mut impl FnMut(Boot)) {
        trace!(?packet, "Received a packet.");
        match self.pending.resolve(packet) {
            Resolved::Taken => (),
            Resolved::Stray(packet) => {
                Counters::add(&self.counters.skipped, 1);
                debug!(?packet, "Skipped a packet that answers nothing.");
            }
            Resolved::Event(event) => {
                Counters::add(&self.counters.events, 1);
                if event.is("FullyBooted") {
                    self.boot_until = None;
                    booted(Boot::Told);
                } else if event.is("Shutdown") {
                    self.shutting_down = true;
                }
                // Nobody listening is fine.
                let _ = self.events.send(event);
            }
        }
    }

    fn send<W>(&mut self, command: Command, writer: &mut Writer<W>)
    where
        W: AsyncWrite + Unpin,
    {
        let Command {
            action,
            deadline,
            reply,
        } = command;
        if let Some(id) = self.pending.admit(&action, deadline, reply) {
            action.write(&id, writer.outbox());
        }
    }

    fn look(&mut self, now: Instant) -> Verdict {
        if let Some(pong) = &mut self.pong
            && pong.try_recv().is_ok()
        {
            self.pong = None;
            self.liveness.answered();
        }
        self.liveness.look(now, self.pending.last_deadline())
    }

    fn ping<W>(&mut self, now: Instant, writer: &mut Writer<W>)
    where
        W: AsyncWrite + Unpin,
    {
        let (reply, pong) = oneshot::channel();
        self.pong = Some(pong);
        self.send(
            Command {
                action: Action::ping(),
                deadline: now + PING_KEPT,
                reply,
            },
            writer,
        );
    }
}

/// Takes the next action, or holds them while they cannot be sent yet.
async fn next(queue: &mut Queue, open: bool) -> Option<Command> {
    if open {
        return queue.next().await;
    }
    queue.hold(Instant::now()).await;
    None
}

/// How many bytes may wait to be written before further actions are refused.
const MAX_BACKLOG: usize = 1024 * 1024;

/// How long the answer to a ping is waited for; whether Asterisk is lost is decided before that.
const PING_KEPT: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests;
