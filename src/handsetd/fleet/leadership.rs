//! Which daemon acts on the events of an Asterisk server that several daemons listen to.

use std::fmt;
use std::time::Duration;

use handset_ami::Client;
use tokio::sync::watch;
use tokio::time::Instant;

/// What this daemon does with the events of an Asterisk server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// That is being decided, which takes a moment. Events wait for it.
    Undecided,
    /// Another daemon acts on them; here they change the state of phones, and are shown.
    Follows,
    /// This daemon acts on them.
    Leads {
        /// Distinguishes this term from earlier ones of this daemon.
        term: u64,
        /// For how long nobody acted on events before this term; `None` if somebody always did.
        gap: Option<Duration>,
        /// Until when no other daemon can have taken over; `None` if that is not known to happen.
        until: Option<Instant>,
    },
}

/// Decides which of several daemons acts on the events of an Asterisk server.
pub(crate) trait Leadership: fmt::Debug + Send + Sync {
    /// Contends for the events of `server` until that client is stopped, or the receiver is dropped.
    fn contend(&self, server: &Client) -> watch::Receiver<Role>;
}
