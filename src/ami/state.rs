//! The connection state of a client.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

/// The connection state of a client. After every change, data read before may be stale.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum State {
    /// Logged in, and Asterisk has booted: actions are sent at once.
    Connected(Connected),
    /// Connecting, logging in, or waiting for Asterisk to boot.
    Connecting,
    /// There is no connection; another attempt follows.
    Lost {
        /// Why, with all causes, in one line.
        reason: Arc<str>,
        /// Time of the next attempt.
        retry: Instant,
    },
    /// The server rejected the login, or offers none that keeps the secret. Attempts follow at long
    /// intervals, since the cause may be fixed on the server.
    Refused {
        /// Why, with all causes, in one line, and what to change.
        reason: Arc<str>,
        /// Time of the next attempt.
        retry: Instant,
    },
    /// The client was stopped.
    Stopped,
}

impl State {
    /// Returns whether there will be no connection before `until`, as far as is known.
    pub fn is_away_until(&self, until: Instant) -> bool {
        match self {
            Self::Lost { retry, .. } | Self::Refused { retry, .. } => until < *retry,
            Self::Stopped => true,
            Self::Connected(_) | Self::Connecting => false,
        }
    }

    /// Returns whether the state is [`State::Connected`].
    pub fn is_connected(&self) -> bool {
        matches!(self, Self::Connected(_))
    }
}

/// An established connection.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Connected {
    /// Time of the login.
    pub since: Instant,
    /// The server's banner, with the version of AMI.
    pub banner: Arc<str>,
    /// Time without a connection before this one, during which events were missed: from the last byte
    /// of the previous connection to this login. `None` for the first connection.
    pub gap: Option<Duration>,
    /// Whether Asterisk has reported that it is fully booted. Otherwise lists may be incomplete.
    pub booted: bool,
}
