//! One connection, from the login to its end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, trace, warn};

use super::action::Action;
use super::config;
use super::counters::Counters;
use super::error::Error;
use super::event::Event;
use super::feed::Feed;
use super::framed_io::{ActionWriter, FrameReader};
use super::list::ListLimits;
use super::liveness::{Check, Liveness};
use super::pending::{Pending, Resolved};
use super::queue::{Command, Queue};
use super::response::Response;
use super::wire::{Frame, Packet};

/// A connection that is logged in.
#[derive(Debug)]
pub(crate) struct Connection<'a, R, W> {
    pub(crate) reader: FrameReader<R>,
    pub(crate) writer: ActionWriter<W>,
    /// Starts every `ActionID`.
    pub(crate) prefix: String,
    pub(crate) limits: config::Limits,
    pub(crate) counters: Arc<Counters>,
    pub(crate) feed: &'a Feed,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<'_, R, W> {
    /// Runs the connection until it ends; returns why, and when data was last received.
    ///
    /// Calls `booted` once Asterisk reports that it has booted, or when [`Limits::boot`] has passed;
    /// until then actions stay in `queue`. A slow subscriber loses events and
    /// never delays the connection.
    ///
    /// [`Limits::boot`]: config::Limits::boot
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
            feed,
        } = self;
        let start = Instant::now();
        let list_limits = ListLimits {
            items: limits.list_items,
            bytes: limits.list_bytes,
        };
        let mut exchange = Exchange {
            pending: Pending::new(prefix, limits.actions, list_limits),
            liveness: Liveness::new(limits.ping, limits.pong, start),
            pong: None,
            boot_deadline: Some(start + limits.boot),
            boot_confirmed: false,
            shutting_down: false,
            feed,
            received: Vec::new(),
            counters,
        };
        // Asterisk may have sent more right after the response to the login.
        exchange.receive_frames(&mut reader, &mut booted);
        let ended = loop {
            let wake = exchange.next_wake();
            let has_booted = exchange.boot_deadline.is_none();
            tokio::select! {
                () = stop.cancelled() => break Ended::Stopped,
                read = reader.fill() => match read {
                    // A server that shuts down does not always close TCP and TLS properly.
                    Ok(0) | Err(_) if exchange.shutting_down => break Ended::ShutDown,
                    Err(error) => break Ended::Failed(error),
                    Ok(0) => break Ended::Closed,
                    Ok(_) => {
                        exchange.liveness.data_received(Instant::now());
                        exchange.receive_frames(&mut reader, &mut booted);
                    }
                },
                flushed = writer.flush(), if writer.needs_flush() => {
                    if let Err(error) = flushed {
                        break Ended::Failed(error);
                    }
                }
                command = next_command(queue, has_booted) => match command {
                    None => break Ended::Stopped,
                    Some(command) if MAX_BUFFERED < writer.buffered() => {
                        let _ = command.reply.send(Err(Error::Busy { limit: limits.actions }));
                    }
                    Some(command) => exchange.send(command, &mut writer),
                },
                () = sleep_until(wake) => {
                    let now = Instant::now();
                    exchange.pending.expire(now);
                    if exchange.boot_deadline.is_some_and(|deadline| deadline <= now) {
                        exchange.boot_deadline = None;
                        booted(Boot::Assumed);
                    }
                    match exchange.check_liveness(now) {
                        Check::Wait => (),
                        Check::Ping => exchange.ping(now, &mut writer),
                        Check::Lost => break Ended::Unresponsive,
                    }
                }
            }
        };
        exchange.pending.fail_all();
        (ended, exchange.liveness.last_received())
    }
}

/// How it is known that Asterisk has booted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Boot {
    /// The time limit passed without a report.
    Assumed,
    /// Asterisk reported it.
    Confirmed,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    /// The server closed it without notice.
    #[error("the server closed the connection")]
    Closed,
    #[error("the connection failed")]
    Failed(#[source] io::Error),
    /// The client logs in again, since a server applies changed rights only to new sessions.
    #[error("logging in again, because the rights of the account have changed")]
    Renewed,
    /// Asterisk announced its shutdown.
    #[error("the server shut down")]
    ShutDown,
    /// The client was stopped, or its last handle dropped.
    #[error("the client was stopped")]
    Stopped,
    #[error("the server does not respond")]
    Unresponsive,
}

/// The mutable state of a connection.
#[derive(Debug)]
struct Exchange<'a> {
    pending: Pending,
    liveness: Liveness,
    /// Receives the response to the last ping.
    pong: Option<oneshot::Receiver<Result<Response, Error>>>,
    /// End of the time that Asterisk has to boot; `None` once it has booted.
    boot_deadline: Option<Instant>,
    /// Asterisk has reported that it has booted. It does so once per connection; a repetition means
    /// nothing, and must neither be logged nor count as a new connection.
    boot_confirmed: bool,
    /// Asterisk has announced its shutdown.
    shutting_down: bool,
    counters: Arc<Counters>,
    feed: &'a Feed,
    /// The events of one read, which are published together.
    received: Vec<Event>,
}

impl Exchange<'_> {
    fn next_wake(&self) -> Instant {
        [self.pending.next_deadline(), self.boot_deadline]
            .into_iter()
            .flatten()
            .fold(self.liveness.next_check(), Instant::min)
    }

    fn receive_frames<R>(&mut self, reader: &mut FrameReader<R>, booted: &mut impl FnMut(Boot))
    where
        R: AsyncRead + Unpin,
    {
        while let Some(frame) = reader.next_frame() {
            match frame {
                Frame::Packet { block, .. } => self.receive(Packet::parse(&block), booted),
                Frame::TooLong { head, length, .. } => {
                    Counters::add(&self.counters.skipped, 1);
                    warn!(length, head = %head.escape_ascii(), "Skipped a packet that is too long or has too many lines.");
                }
                Frame::Banner { line: rest, .. } | Frame::Unfinished { rest, .. } => {
                    Counters::add(&self.counters.skipped, 1);
                    warn!(text = %rest.escape_ascii(), "Skipped malformed data.");
                }
            }
        }
        Counters::add(&self.counters.events, self.received.len() as u64);
        self.feed.publish(&mut self.received);
    }

    fn receive(&mut self, packet: Packet, booted: &mut impl FnMut(Boot)) {
        trace!(?packet, "Received a packet.");
        match self.pending.resolve(packet) {
            Resolved::Consumed => (),
            Resolved::Unsolicited(packet) => {
                Counters::add(&self.counters.skipped, 1);
                debug!(?packet, "Skipped a packet that answers no pending action.");
            }
            Resolved::Event(event) => {
                if event.is("FullyBooted") {
                    self.boot_deadline = None;
                    if !std::mem::replace(&mut self.boot_confirmed, true) {
                        booted(Boot::Confirmed);
                    }
                } else if event.is("Shutdown") {
                    self.shutting_down = true;
                }
                self.received.push(event);
            }
        }
    }

    fn send<W>(&mut self, command: Command, writer: &mut ActionWriter<W>)
    where
        W: AsyncWrite + Unpin,
    {
        let Command {
            action,
            deadline,
            reply,
        } = command;
        if let Some(id) = self.pending.register(&action, deadline, reply) {
            action.write(&id, writer.buffer());
        }
    }

    fn check_liveness(&mut self, now: Instant) -> Check {
        if let Some(pong) = &mut self.pong
            && pong.try_recv().is_ok()
        {
            self.pong = None;
            self.liveness.pong_received();
        }
        self.liveness.check(now, self.pending.last_deadline())
    }

    fn ping<W>(&mut self, now: Instant, writer: &mut ActionWriter<W>)
    where
        W: AsyncWrite + Unpin,
    {
        let (reply, pong) = oneshot::channel();
        self.pong = Some(pong);
        self.send(
            Command {
                action: Action::ping(),
                deadline: now + PING_DEADLINE,
                reply,
            },
            writer,
        );
    }
}

/// Returns the next action to send. Before Asterisk has booted, actions stay in the queue, and this
/// returns `None` only when all handles are dropped.
async fn next_command(queue: &mut Queue, has_booted: bool) -> Option<Command> {
    if has_booted {
        return queue.next().await;
    }
    queue.hold(Instant::now()).await;
    None
}

/// Unwritten bytes above which further actions are rejected.
const MAX_BUFFERED: usize = 1024 * 1024;

/// Deadline of a ping as an action. [`Liveness`] decides much earlier whether the server is lost.
const PING_DEADLINE: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests;
