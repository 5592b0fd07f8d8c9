//! What sessions report to the daemon.

use std::time::Duration;

use handset_phones::phone::{PhoneState, ServerName};

/// An event of a session, for rules and the state of the phone. Those of one phone come in order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Report {
    /// The name of the phone.
    pub(crate) phone: String,
    /// The Asterisk server that it belongs to, if that is known.
    pub(crate) server: Option<ServerName>,
    /// What happened.
    pub(crate) what: Reported,
}

/// What happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Reported {
    /// An event under the name that action URLs have, with its values, and what the phone is doing now.
    Event(&'static str, Vec<(String, String)>, PhoneState),
    /// The session is up; what the phone is doing, and for how long there was none, during which events may
    /// have been missed.
    Up(PhoneState, Option<Duration>),
    /// The session is lost, for this reason.
    Lost(String),
}
