//! What can go wrong between Asterisk and a script.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// Why a conversation, or the server, cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The listening socket could not be had.
    #[error("cannot listen on {listen}")]
    Bind {
        /// The address asked for.
        listen: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The peer closed the connection without saying that the call hung up.
    #[error("the peer closed the connection")]
    Closed,
    /// A command with its arguments is longer than Asterisk reads in one piece.
    #[error("the command `{command}` has {length} bytes, more than {limit}")]
    CommandTooLong {
        /// The words of the command, without its arguments.
        command: String,
        /// Its length on the wire.
        length: usize,
        /// The most that is sent.
        limit: usize,
    },
    /// The environment did not end in time.
    #[error("no complete environment within {after:?}")]
    EnvironmentTimeout {
        /// The time that was given.
        after: Duration,
    },
    /// The environment is larger than any that Asterisk sends.
    #[error("the environment has more than {limit} bytes")]
    EnvironmentTooLong {
        /// The limit.
        limit: usize,
    },
    /// An argument holds a character that would end the line.
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
    /// The connection failed in some other way than by closing.
    #[error("the connection failed")]
    Io(#[from] io::Error),
    /// A line of the environment is longer than any that Asterisk sends.
    #[error("a line of the environment has more than {limit} bytes")]
    LineTooLong {
        /// The limit.
        limit: usize,
    },
    /// A line has the number of a reply, but is none.
    #[error("malformed reply near {near:?}")]
    MalformedReply {
        /// Its first characters.
        near: String,
    },
    /// The words of a command are not words.
    #[error("{words:?} is no AGI command")]
    NotACommand {
        /// What was given.
        words: String,
    },
    /// A block that ended like an environment holds no `agi_*` variable.
    #[error("no environment: the peer does not speak AGI, near {near:?}")]
    NotAgi {
        /// Its first characters.
        near: String,
    },
    /// Asterisk did not do what a command asked.
    #[error("asterisk answered `{command}` with {code} {text}")]
    Refused {
        /// The words of the command.
        command: String,
        /// The number of the reply.
        code: u16,
        /// Its text.
        text: String,
    },
    /// A reply did not come in time. It may still come; the command may have been executed.
    #[error("no reply to `{command}` within {after:?}")]
    ReplyTimeout {
        /// The words of the command.
        command: String,
        /// The time that was given.
        after: Duration,
    },
    /// A reply is larger than we hold. The connection is of no use any more.
    #[error("a reply has more than {limit} bytes")]
    ReplyTooLong {
        /// The limit.
        limit: usize,
    },
    /// The environment has more lines than any that Asterisk sends.
    #[error("the environment has more than {limit} lines")]
    TooManyLines {
        /// The limit.
        limit: usize,
    },
    /// A command has more arguments than Asterisk reads.
    #[error("the command `{command}` has {words} words, more than {limit}")]
    TooManyWords {
        /// The words of the command, without its arguments.
        command: String,
        /// How many words it has with its arguments.
        words: usize,
        /// The most that Asterisk reads.
        limit: usize,
    },
}

/// Returns the first characters of what a peer sent, for a message.
pub(super) fn near(bytes: &[u8]) -> String {
    let start = bytes.get(..NEAR).unwrap_or(bytes);
    String::from_utf8_lossy(start).into_owned()
}

/// How many bytes of a peer's nonsense an error quotes.
const NEAR: usize = 40;
