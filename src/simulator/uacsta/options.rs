//! How a phone takes part in CSTA sessions.

use std::net::SocketAddr;
use std::time::Duration;

use crate::sip::Protocol;

/// The identity that a phone registers with its CSTA server.
#[derive(Clone, Debug)]
pub struct CstaIdentity {
    /// Local address; port 0 takes a free one.
    pub local: SocketAddr,
    /// Address of the registrar.
    pub registrar: SocketAddr,
    /// Where all requests are sent in place of the registrar and of the contacts of sessions.
    pub proxy: Option<SocketAddr>,
    /// What messages travel over.
    pub protocol: Protocol,
    /// User name.
    pub user: String,
    /// Password, with which the phone registers, and which it asks for (`csta_challenge`).
    pub password: String,
    /// Lifetime of a registration in seconds.
    pub expires: u32,
    /// Peculiarities and faults.
    pub quirks: Quirks,
}

/// Peculiarities of CSTA over SIP that phones may have, and faults; the default has none.
#[derive(Clone, Debug, Default)]
pub struct Quirks {
    /// How long each request takes. Another one meanwhile is refused.
    pub delay: Duration,
    /// Sends responses in an `INFO` of its own, after an empty 200.
    pub answers_by_info: bool,
    /// Sends errors with status 400 in place of 200.
    pub rejects_by_status: bool,
    /// Knows nothing of session timers.
    pub lacks_session_timer: bool,
    /// Takes every `INVITE` for a call, and rings.
    pub rings: bool,
    /// Names of requests that get no response of any kind, and have no effect.
    pub ignored: Vec<String>,
}
