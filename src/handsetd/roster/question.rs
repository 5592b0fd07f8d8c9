//! Questions to the task that follows one server, and what it learns.

use handset_phones::phone::Endpoint;
use tokio::sync::oneshot;

/// A question to one server. The answer is in the table.
#[derive(Debug)]
pub(super) enum Question {
    /// Which contacts an endpoint has, and whether it exists.
    Endpoint(Endpoint, oneshot::Sender<()>),
    /// All registrations.
    Registrations(oneshot::Sender<()>),
    /// Whether a new session would have other rights.
    Rights,
}

/// What a server says of an endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Existence {
    /// It is configured there.
    Known,
    /// It is not configured there.
    Unknown,
    /// The account may not ask.
    Forbidden(String),
}

/// What to do where events of registrations do not arrive.
pub(super) const EVENTS_HIDDEN: &str = "events of registrations do not arrive: the account lacks \
    read = system in manager.conf, or its eventfilter hides ContactStatus, PeerStatus and \
    DeviceStatus; phones that register are found only when they are asked for; it is checked again \
    every 3 minutes, and on reload";
