//! Where a client stands with its server.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

/// Where a client stands. Every change means that what was read before may be stale.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum State {
    /// Logged in, and Asterisk has booted: it can be asked.
    Connected(Connected),
    /// Connecting, logging in, or waiting for Asterisk to boot.
    Connecting,
    /// There is no connection; another try follows.
    Lost {
        /// Why.
        reason: Arc<str>,
        /// When it will be tried again.
        retry: Instant,
    },
    /// The server refuses us; nothing is tried until somebody changes the configuration.
    Refused {
        /// Why, in a sentence for whoever can change it.
        reason: Arc<str>,
    },
    /// The client was stopped.
    Stopped,
}

impl State {
    /// Returns whether nothing will come of waiting.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Stopped)
    }

    /// Returns whether actions are sent at once.
    pub fn is_connected(&self) -> bool {
        matches!(self, Self::Connected(_))
    }
}

/// A connection that can be used.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Connected {
    /// Since when.
    pub since: Instant,
    /// The server's greeting, which names the version of AMI.
    pub banner: Arc<str>,
    /// How long nobody listened before this connection: from the last byte of the one before to
    /// the login. `None` for the first.
    pub gap: Option<Duration>,
    /// Whether Asterisk said that it has booted; otherwise lists may be incomplete.
    pub booted: bool,
}
