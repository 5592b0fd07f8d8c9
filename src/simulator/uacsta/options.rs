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
    /// Where responses of CSTA stand.
    pub answers: Answers,
    /// Knows nothing of session timers.
    pub lacks_session_timer: bool,
    /// Takes every `INVITE` for a call, and rings.
    pub rings: bool,
    /// Names of requests that get no response of any kind, and have no effect.
    pub ignored: Vec<String>,
    /// Names of requests that have no effect, each with the document that is sent as the answer.
    pub lies: Vec<(String, String)>,
}

/// Where the responses of CSTA stand.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Answers {
    /// In the 200 of the request.
    #[default]
    InResponse,
    /// In an `INFO` of the phone, after an empty 200.
    InInfo,
    /// In the 200 of the request; errors in a 400.
    ErrorsByStatus,
}
