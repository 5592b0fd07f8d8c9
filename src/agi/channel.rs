//! The conversation with Asterisk about one call, as a script sees it.
//!
//! It never sends a command before the last one was answered, because Asterisk would leave it lying
//! in a buffer. Whatever comes while nothing is asked is no reply: hang-ups are noted, the rest is
//! dropped.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
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
/// After a hang-up the connection stays open, and the commands of this type still work; only when
/// Asterisk closes it they end in [`Error::HungUp`] or [`Error::Closed`].
///
/// No future of this type is harmful to drop: a command that was given up is still carried out, and
/// its reply is waited for (and dropped) before the next command is sent.
pub struct Channel {
    stream: Box<dyn Stream>,
    inbox: BytesMut,
    outbox: BytesMut,
    codec: MessageCodec,
    reply_timeout: Duration,
    /// A command is on its way whose reply has not come.
    owed: bool,
    hung_up: bool,
    closed: bool,
}

impl Channel {
    /// Reads the environment off a new connection, within the limits of `config`.
    ///
    /// [`Server`](super::Server) does this for each connection; it is here for those who have their
    /// connections from elsewhere, such as tests of a script.
    pub async fn open<S>(stream: S, config: &Config) -> Result<(Request, Self), Error>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut channel = Self {
            stream: Box::new(stream),
            inbox: BytesMut::new(),
            outbox: BytesMut::new(),
            codec: MessageCodec::default(),
            reply_timeout: config.reply_timeout,
            owed: false,
            hung_up: false,
            closed: false,
        };
        let after = config.environment_timeout;
        let block = timeout(after, channel.environment())
            .await
            .map_err(|_| Error::EnvironmentTimeout { after })??;
        Ok((Request::parse(&block)?, channel))
    }

    /// Returns the value of an expression such as `${CHANNEL(name)}|${EXTEN}`.
    ///
    /// `None` if Asterisk says that there is none; a variable that is not set is empty here.
    pub async fn full_variable(&mut self, expression: &str) -> Result<Option<String>, Error> {
        self.value(&Command::get_full_variable(expression)?).await
    }

    /// Returns the value of a variable or function; `None` if it is not set.
    pub async fn variable(&mut self, name: &str) -> Result<Option<String>, Error> {
        self.value(&Command::get_variable(name)?).await
    }

    /// Sets a variable to a text that always fits: what a line cannot carry is shortened as
    /// [`Command::fitting`] says. Send a [`Command::set_variable`] to have it refused instead.
    pub async fn set_variable(&mut self, name: &str, value: &str) -> Result<(), Error> {
        self.done(&Command::fitting("SET VARIABLE", &[name], value, &[])?)
            .await
    }

    /// Writes a text that always fits to Asterisk's console, if that is as verbose as `level`.
    pub async fn verbose(&mut self, text: &str, level: u8) -> Result<(), Error> {
        self.done(&Command::fitting(
            "VERBOSE",
            &[],
            text,
            &[&level.to_string()],
        )?)
        .await
    }

    /// Sends a command and returns its final reply, whatever that says.
    pub async fn command(&mut self, command: &Command) -> Result<Reply, Error> {
        let after = self.reply_timeout;
        // What is asked and answered may be a password: a setting that a phone was asked for.
        trace!(command = command.words(), "Asking.");
        if let Ok(reply) = timeout(after, self.exchange(command)).await {
            trace!(code = reply.as_ref().ok().map(Reply::code), "Answered.");
            return reply;
        }
        if self.codec.is_amid_reply() {
            // It has come but will not end. The next command shall not wait for that again.
            self.owed = false;
            self.hung_up |= self.codec.discard(&mut self.inbox);
        }
        let command = command.words().to_owned();
        Err(Error::ReplyTimeout { command, after })
    }

    /// Returns whether the call is known to be over: Asterisk said so, or closed the connection.
    pub fn hung_up(&self) -> bool {
        self.hung_up || self.closed
    }

    /// Waits until the call is over, for a script that waits for something else meanwhile.
    ///
    /// Has no deadline of its own. Cancel safe.
    pub async fn hangup_noticed(&mut self) {
        while !self.hung_up() {
            if let Ok(Message::Reply(lines)) = self.next_message().await {
                self.owed &= Reply::parse(&lines).is_ok_and(|reply| reply.is_provisional());
            }
        }
    }

    /// Ends the conversation so that Asterisk reads our last command and lets the call go on at
    /// once; what it still says (`HANGUP`, mostly) is read and dropped, lest it meets a reset.
    pub(super) async fn close(mut self) {
        let farewell = async {
            self.flush().await?;
            self.stream.shutdown().await?;
            let mut left = MAX_REPLY;
            while let Some(rest) = left.checked_sub(self.inbox.len()) {
                left = rest;
                self.inbox.clear();
                self.read().await?;
            }
            Ok::<(), Error>(())
        };
        // Neither an error nor a peer that lingers matters any more.
        let _ = timeout(LINGER, farewell).await;
    }

    async fn value(&mut self, command: &Command) -> Result<Option<String>, Error> {
        let reply = self.command(command).await?;
        match (reply.code(), reply.result()) {
            (200, Some("1")) => Ok(Some(reply.value().unwrap_or_default().to_owned())),
            (200, _) => Ok(None),
            _ => Err(refused(command, &reply)),
        }
    }

    async fn done(&mut self, command: &Command) -> Result<(), Error> {
        let reply = self.command(command).await?;
        if reply.code() == 200 {
            Ok(())
        } else {
            Err(refused(command, &reply))
        }
    }

    async fn exchange(&mut self, command: &Command) -> Result<Reply, Error> {
        self.flush().await?;
        if self.owed {
            // Of a command that was given up. What it says concerns nobody.
            let _: Result<Reply, Error> = self.reply().await;
        }
        self.drop_unasked();
        if self.closed {
            return Err(self.ended());
        }
        self.outbox.put_slice(command.line().as_bytes());
        self.outbox.put_u8(b'\n');
        self.owed = true;
        self.flush().await?;
        self.reply().await
    }

    /// Reads the final reply to the command on its way. Cancel safe.
    async fn reply(&mut self) -> Result<Reply, Error> {
        loop {
            let Message::Reply(mut lines) = self.next_message().await? else {
                continue;
            };
            self.hung_up |= quirk::take_hangups(&mut lines);
            quirk::take_rest_of_value(&mut lines, &mut self.inbox);
            let reply = Reply::parse(&lines);
            if !reply.as_ref().is_ok_and(Reply::is_provisional) {
                self.owed = false;
                self.hung_up |= self.codec.discard(&mut self.inbox);
                return reply;
            }
        }
    }

    /// Reads the next reply or hang-up, and notes the latter. Cancel safe.
    async fn next_message(&mut self) -> Result<Message, Error> {
        loop {
            match self.codec.decode(&mut self.inbox) {
                Ok(Some(message)) => {
                    self.hung_up |= message == Message::Hangup;
                    return Ok(message);
                }
                Ok(None) => self.read().await?,
                Err(error) => {
                    // There is no telling where the next reply would begin.
                    self.closed = true;
                    return Err(error);
                }
            }
        }
    }

    /// Drops what is there already, without waiting. Notes hang-ups.
    fn drop_unasked(&mut self) {
        loop {
            self.hung_up |= self.codec.discard(&mut self.inbox);
            if !matches!(self.read().now_or_never(), Some(Ok(()))) {
                break;
            }
        }
    }

    /// Reads the block up to its blank line, and further if it was cut short.
    async fn environment(&mut self) -> Result<BytesMut, Error> {
        let mut codec = EnvironmentCodec::default();
        let mut block = loop {
            if let Some(block) = codec.decode(&mut self.inbox)? {
                break block;
            }
            self.read().await?;
        };
        if quirk::may_go_on(&block, &self.inbox) {
            loop {
                block.extend_from_slice(&self.inbox.split());
                check_block(&block)?;
                if !matches!(timeout(QUIET, self.read()).await, Ok(Ok(()))) {
                    break;
                }
            }
            self.hung_up |= block.trim_ascii_end().ends_with(b"\nHANGUP");
        }
        Ok(block)
    }

    /// Waits for more bytes. Cancel safe.
    async fn read(&mut self) -> Result<(), Error> {
        if self.closed {
            return Err(self.ended());
        }
        self.inbox.reserve(READ);
        match self
            .stream
            .read_buf(&mut (&mut self.inbox).limit(READ))
            .await
        {
            Ok(0) => {
                self.closed = true;
                Err(self.ended())
            }
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Writes what has not gone out yet. Cancel safe.
    async fn flush(&mut self) -> Result<(), Error> {
        while !self.outbox.is_empty() {
            if let Err(error) = self.stream.write_buf(&mut self.outbox).await {
                // Asterisk may have said why before it closed.
                self.drop_unasked();
                return Err(self.failed(error));
            }
        }
        self.stream
            .flush()
            .await
            .map_err(|error| self.failed(error))
    }

    fn failed(&mut self, error: io::Error) -> Error {
        self.closed = true;
        self.outbox.clear();
        match error.kind() {
            ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset => {
                self.ended()
            }
            _ => Error::Io(error),
        }
    }

    fn ended(&self) -> Error {
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
            .field("owed", &self.owed)
            .field("hung_up", &self.hung_up)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

/// What a conversation goes over.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

fn refused(command: &Command, reply: &Reply) -> Error {
    let text = reply.text().lines().next().unwrap_or_default().to_owned();
    Error::Refused {
        command: command.words().to_owned(),
        code: reply.code(),
        text,
    }
}

/// How much is read at once.
const READ: usize = 2 * 1024;

/// How long an environment that looks cut short must be quiet to be taken as complete.
const QUIET: Duration = Duration::from_millis(50);

/// How long Asterisk may take to close after us.
const LINGER: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
