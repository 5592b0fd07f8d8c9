//! The conversation with Asterisk about one call, as a script sees it.
//!
//! No command is sent before the previous one was answered, because Asterisk would leave it unread in
//! a buffer. Data that arrives while no command is pending is not a reply: hang-ups are recorded,
//! anything else is dropped.

mod variables;

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::codec::Decoder;
use tracing::trace;

use super::command::Command;
use super::config::Config;
use super::error::Error;
use super::quirk;
use super::reply::Reply;
use super::request::Request;
use super::wire::{EnvironmentCodec, MAX_REPLY, Message, MessageCodec, check_block};

/// One call's connection: commands go out, replies come back, one at a time.
///
/// After a hang-up the connection stays open and commands still work. Once Asterisk closes it, they
/// fail with [`Error::HungUp`] or [`Error::Closed`].
///
/// All futures of this type may be dropped: the command is still executed, and its reply is awaited
/// and discarded before the next command is sent.
#[expect(clippy::struct_excessive_bools, reason = "they change independently")]
pub struct Channel {
    stream: Box<dyn Stream>,
    received: BytesMut,
    unsent: BytesMut,
    codec: MessageCodec,
    reply_timeout: Duration,
    /// The address of Asterisk, if the connection has one.
    peer: Option<IpAddr>,
    /// When the connection was accepted.
    since: Instant,
    /// When the session ends at the latest.
    deadline: Instant,
    /// The reply to the last command has not arrived yet.
    reply_pending: bool,
    /// The reply to the last command has arrived.
    is_answered: bool,
    hung_up: bool,
    /// Asterisk sends nothing more.
    read_closed: bool,
    /// The connection cannot be used any longer.
    closed: bool,
}

impl Channel {
    /// Reads the environment from a new connection, within the limits of `config`.
    ///
    /// [`Server`](super::Server) does this for each connection. Call it directly to run a script on
    /// another kind of connection, for example in a test.
    pub async fn open<S>(stream: S, config: &Config) -> Result<(Request, Self), Error>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        Self::open_since(stream, config, None, Instant::now()).await
    }

    /// As [`open`](Self::open), for a connection from `peer` that was accepted at `since`.
    pub(super) async fn open_since<S>(
        stream: S,
        config: &Config,
        peer: Option<IpAddr>,
        since: Instant,
    ) -> Result<(Request, Self), Error>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut channel = Self {
            stream: Box::new(stream),
            received: BytesMut::with_capacity(USUAL_INPUT),
            unsent: BytesMut::new(),
            codec: MessageCodec::default(),
            reply_timeout: config.reply_timeout,
            peer,
            since,
            deadline: after(since, config.session_timeout),
            reply_pending: false,
            is_answered: false,
            hung_up: false,
            read_closed: false,
            closed: false,
        };
        let limit = config.environment_timeout.min(config.session_timeout);
        let block = timeout_at(after(since, limit), channel.environment())
            .await
            .map_err(|_| Error::EnvironmentTimeout { after: limit })??;
        Ok((Request::parse(&block)?, channel))
    }

    /// Logs a text, shortened to fit, to Asterisk's console at verbosity `level`.
    pub async fn verbose(&mut self, text: &str, level: u8) -> Result<(), Error> {
        self.expect_success(&Command::truncated(
            "VERBOSE",
            &[],
            text,
            &[&level.to_string()],
        )?)
        .await
    }

    /// Sends a command and returns its final reply, whether or not it succeeded.
    pub async fn command(&mut self, command: &Command) -> Result<Reply, Error> {
        let after = self
            .reply_timeout
            .min(self.deadline.saturating_duration_since(Instant::now()));
        // Arguments and reply are not logged, since they may contain a password.
        trace!(command = command.words(), "Sending a command.");
        if let Ok(reply) = timeout(after, self.exchange(command)).await {
            trace!(
                code = reply.as_ref().ok().map(Reply::code),
                "Received a reply."
            );
            return reply;
        }
        if self.codec.is_mid_reply() {
            // The reply has no end. The next command must not wait for it again.
            self.reply_pending = false;
            self.hung_up |= self.codec.discard(&mut self.received);
        }
        let command = command.words().to_owned();
        Err(Error::ReplyTimeout { command, after })
    }

    /// Returns the address that Asterisk connected from; `None` if the connection has none.
    pub fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// Returns when the connection was accepted.
    pub fn since(&self) -> Instant {
        self.since
    }

    /// Returns when the session ends at the latest, by [`Config::session_timeout`].
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Returns whether the call is known to have ended: Asterisk reported it, or closed the connection.
    pub fn hung_up(&self) -> bool {
        self.hung_up || self.read_closed || self.closed
    }

    /// Returns whether Asterisk reported that the call has ended. A peer that merely closed its sending
    /// side may still read what is sent.
    pub fn hangup_reported(&self) -> bool {
        self.hung_up
    }

    /// Waits until the call has ended, for a script that waits for something else meanwhile.
    ///
    /// Has no deadline. Cancel safe.
    pub async fn wait_for_hangup(&mut self) {
        while !self.hung_up() {
            if let Ok(Message::Reply(lines)) = self.next_message().await {
                self.reply_pending &=
                    Reply::parse(&lines).is_ok_and(|reply| reply.is_provisional());
            }
        }
    }

    /// Ends the conversation such that Asterisk reads the last command and continues the call at once.
    ///
    /// Data that still arrives (usually `HANGUP`) is read and dropped, because closing with unread data
    /// would reset the connection. Where the last command was answered, Asterisk has read all of them, so a
    /// reset takes nothing from it.
    pub(super) async fn close(mut self) {
        if self.is_answered {
            return;
        }
        let closing = async {
            self.flush().await?;
            self.stream.shutdown().await?;
            let mut left = MAX_REPLY;
            while let Some(rest) = left.checked_sub(self.received.len()) {
                left = rest;
                self.received.clear();
                self.read().await?;
            }
            Ok::<(), Error>(())
        };
        // Errors, and a peer that does not close in time, no longer matter.
        let _ = timeout(CLOSE_TIMEOUT, closing).await;
    }

    async fn expect_success(&mut self, command: &Command) -> Result<(), Error> {
        let reply = self.command(command).await?;
        if reply.code() == 200 {
            Ok(())
        } else {
            Err(refused(command, &reply))
        }
    }

    async fn exchange(&mut self, command: &Command) -> Result<Reply, Error> {
        self.flush().await?;
        if self.reply_pending {
            // The reply to a command whose caller stopped waiting.
            let _: Result<Reply, Error> = self.reply().await;
        }
        self.drop_unsolicited();
        if self.closed {
            return Err(self.closed_error());
        }
        // A peer that closed only its sending side still reads the command; for others it makes no difference.
        let line = command.line().as_bytes();
        self.unsent.reserve(line.len().saturating_add(1));
        self.unsent.put_slice(line);
        self.unsent.put_u8(b'\n');
        (self.reply_pending, self.is_answered) = (true, false);
        self.flush().await?;
        let reply = self.reply().await;
        self.is_answered = !self.reply_pending;
        reply
    }

    /// Reads the final reply to the pending command. Cancel safe.
    async fn reply(&mut self) -> Result<Reply, Error> {
        loop {
            let Message::Reply(mut lines) = self.next_message().await? else {
                continue;
            };
            self.hung_up |= quirk::take_hangups(&mut lines);
            quirk::take_rest_of_value(&mut lines, &mut self.received);
            let reply = Reply::parse(&lines);
            if !reply.as_ref().is_ok_and(Reply::is_provisional) {
                self.reply_pending = false;
                self.hung_up |= self.codec.discard(&mut self.received);
                return reply;
            }
        }
    }

    /// Reads the next reply or hang-up, and records the latter. Cancel safe.
    async fn next_message(&mut self) -> Result<Message, Error> {
        loop {
            match self.codec.decode(&mut self.received) {
                Ok(Some(message)) => {
                    self.hung_up |= message == Message::Hangup;
                    return Ok(message);
                }
                Ok(None) => self.read().await?,
                Err(error) => {
                    // The start of the next reply is unknown.
                    self.closed = true;
                    return Err(error);
                }
            }
        }
    }

    /// Drops data that has arrived already, without waiting. Records hang-ups.
    fn drop_unsolicited(&mut self) {
        loop {
            self.hung_up |= self.codec.discard(&mut self.received);
            if !matches!(self.read().now_or_never(), Some(Ok(()))) {
                break;
            }
        }
    }

    /// Reads the block up to its blank line, and beyond if that was forged.
    async fn environment(&mut self) -> Result<BytesMut, Error> {
        let mut codec = EnvironmentCodec::default();
        let mut block = loop {
            if let Some(block) = codec.decode(&mut self.received)? {
                break block;
            }
            self.read().await?;
        };
        if quirk::may_continue(&block, &self.received) {
            loop {
                block.extend_from_slice(&self.received.split());
                check_block(&block)?;
                if !matches!(timeout(ENVIRONMENT_PAUSE, self.read()).await, Ok(Ok(()))) {
                    break;
                }
            }
            let end = block.trim_ascii_end();
            if let Some(end) = end
                .strip_suffix(quirk::HANGUP)
                .filter(|end| end.ends_with(b"\n"))
            {
                let length = end.len();
                block.truncate(length);
                self.hung_up = true;
            }
        }
        Ok(block)
    }

    /// Waits for more bytes. Cancel safe.
    async fn read(&mut self) -> Result<(), Error> {
        if self.read_closed || self.closed {
            return Err(self.closed_error());
        }
        self.received.reserve(READ_SIZE);
        match self
            .stream
            .read_buf(&mut (&mut self.received).limit(READ_SIZE))
            .await
        {
            Ok(0) => {
                self.read_closed = true;
                Err(self.closed_error())
            }
            Ok(_) => Ok(()),
            Err(error) => Err(self.io_error(error)),
        }
    }

    /// Writes everything that has not been sent yet. Cancel safe.
    async fn flush(&mut self) -> Result<(), Error> {
        while !self.unsent.is_empty() {
            if let Err(error) = self.stream.write_buf(&mut self.unsent).await {
                // Asterisk may have reported a hang-up before it closed.
                self.drop_unsolicited();
                return Err(self.io_error(error));
            }
        }
        self.stream
            .flush()
            .await
            .map_err(|error| self.io_error(error))
    }

    fn io_error(&mut self, error: io::Error) -> Error {
        self.closed = true;
        self.unsent.clear();
        match error.kind() {
            ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset => {
                self.closed_error()
            }
            _ => Error::Io(error),
        }
    }

    fn closed_error(&self) -> Error {
        if self.hung_up {
            Error::HungUp
        } else {
            Error::Closed
        }
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("reply_pending", &self.reply_pending)
            .field("hung_up", &self.hung_up)
            .field("read_closed", &self.read_closed)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

/// A connection to Asterisk.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Returns the end of a time limit, of which more than [`MAX_LIMIT`] counts as that.
fn after(since: Instant, limit: Duration) -> Instant {
    since.checked_add(limit.min(MAX_LIMIT)).unwrap_or(since)
}

fn refused(command: &Command, reply: &Reply) -> Error {
    let text = reply.text().lines().next().unwrap_or_default().to_owned();
    Error::Refused {
        command: command.words().to_owned(),
        code: reply.code(),
        text,
    }
}

/// A time limit that no session reaches, and that can be added to any instant.
const MAX_LIMIT: Duration = Duration::from_hours(24 * 365);

/// Maximum size of a read, in bytes.
const READ_SIZE: usize = 2 * 1024;

/// What most calls need for all that they receive, in bytes: an environment, some replies, and room for one more read.
const USUAL_INPUT: usize = 2 * READ_SIZE;

/// Pause after which an environment that may continue counts as complete.
const ENVIRONMENT_PAUSE: Duration = Duration::from_millis(50);

/// Time for Asterisk to close the connection after the server did.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
