//! Which of several daemons connected to an Asterisk server acts on its events.

use std::fmt;
use std::time::Duration;

use handset_ami::Client;
use tokio::sync::watch;
use tokio::time::Instant;

/// The role of this daemon for the events of an Asterisk server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// Being decided, which takes a moment. Events wait for it.
    Undecided,
    /// Another daemon acts on them; here they only update the state of phones and are shown.
    Follows,
    /// This daemon acts on them.
    Leads {
        /// Distinguishes this term from earlier terms of this daemon.
        term: u64,
        /// How long no daemon acted on events before this term; `None` if there was no gap.
        gap: Option<Duration>,
        /// The time until which no other daemon can have taken over; `None` if unlimited.
        until: Option<Instant>,
    },
}

/// Decides which of several daemons acts on the events of an Asterisk server.
pub(crate) trait Leadership: fmt::Debug + Send + Sync {
    /// Contends for the role of leader of `server` until that client is stopped or the receiver is dropped.
    fn contend(&self, server: &Client) -> watch::Receiver<Role>;
}
