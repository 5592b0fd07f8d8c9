//! Errors of the conversation with Asterisk and of the server.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// Why a conversation, or the server, failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server cannot bind its socket.
    #[error("cannot listen on {listen}")]
    Bind {
        /// The configured address.
        listen: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The peer closed the connection without reporting a hang-up.
    #[error("the peer closed the connection")]
    Closed,
    /// The command with its arguments is longer than Asterisk reads at once.
    #[error("command `{command}` has {length} bytes; Asterisk accepts {limit}")]
    CommandTooLong {
        /// The words of the command, without its arguments.
        command: String,
        /// Length of the line in bytes.
        length: usize,
        /// Maximum length in bytes.
        limit: usize,
    },
    /// The environment was not complete in time.
    #[error("the environment was not complete after {after:?}")]
    EnvironmentTimeout {
        /// The time limit.
        after: Duration,
    },
    /// The environment is larger than any that Asterisk sends.
    #[error("the environment has more than {limit} bytes")]
    EnvironmentTooLong {
        /// Maximum size in bytes.
        limit: usize,
    },
    /// Before its environment was complete, the connection was closed to make room for others.
    #[error("all sessions are in use, and this connection was silent for longest")]
    Evicted,
    /// An argument contains a character that would end the line.
    #[error("an argument of `{command}` contains {character:?}")]
    ForbiddenCharacter {
        /// The words of the command.
        command: String,
        /// The first such character.
        character: char,
    },
    /// The call hung up, and Asterisk closed the connection.
    #[error("the call hung up")]
    HungUp,
    /// The words of a command contain something other than letters, digits, `_` and single spaces.
    #[error("invalid AGI command {words:?}")]
    InvalidWords {
        /// The rejected words.
        words: String,
    },
    /// The connection failed other than by being closed.
    #[error("the connection failed")]
    Io(#[from] io::Error),
    /// A line of the environment is longer than any that Asterisk sends.
    #[error("a line of the environment has more than {limit} bytes")]
    LineTooLong {
        /// Maximum length in bytes.
        limit: usize,
    },
    /// A line starts like a reply but is malformed.
    #[error("malformed reply near {near:?}")]
    MalformedReply {
        /// Its first characters.
        near: String,
    },
    /// The environment contains no `agi_*` variable.
    #[error("the peer does not speak AGI, near {near:?}")]
    NotAgi {
        /// Its first characters.
        near: String,
    },
    /// Asterisk rejected a command.
    #[error("Asterisk answered `{command}` with {code} {text}")]
    Refused {
        /// The words of the command.
        command: String,
        /// The status code of the reply.
        code: u16,
        /// The text of the reply.
        text: String,
    },
    /// A reply did not arrive in time. It may still arrive; the command may have been executed.
    #[error("no reply to `{command}` after {after:?}")]
    ReplyTimeout {
        /// The words of the command.
        command: String,
        /// The time limit.
        after: Duration,
    },
    /// A reply is too large. The connection cannot be used any longer.
    #[error("a reply has more than {limit} bytes")]
    ReplyTooLong {
        /// Maximum size in bytes.
        limit: usize,
    },
    /// The environment has more lines than any that Asterisk sends.
    #[error("the environment has more than {limit} lines")]
    TooManyLines {
        /// Maximum number of lines.
        limit: usize,
    },
    /// The command has more words than Asterisk reads.
    #[error("command `{command}` has {words} words; Asterisk accepts {limit}")]
    TooManyWords {
        /// The words of the command, without its arguments.
        command: String,
        /// Number of words, including the arguments.
        words: usize,
        /// Maximum number of words.
        limit: usize,
    },
}

/// Returns the first characters of received bytes, for an error message.
pub(super) fn near(bytes: &[u8]) -> String {
    let start = bytes.get(..QUOTED).unwrap_or(bytes);
    String::from_utf8_lossy(start).into_owned()
}

/// Bytes that an error quotes.
const QUOTED: usize = 40;
