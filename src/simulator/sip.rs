//! A small SIP user agent over UDP, so that a simulated phone can register with a real Asterisk
//! and dial: signalling only, one call at a time, no sound.
//!
//! It offers G.711 µ-law in its SDP and sends no RTP. It answers `OPTIONS`, `NOTIFY` and `BYE` with
//! 200 and everything else with 405; what a NOTIFY of its registrar says is handed over. Nobody can
//! call it. No TCP, no TLS, no re-INVITE.

mod agent;
mod call;
mod message;
#[cfg(test)]
mod tests;
mod transaction;

use std::net::SocketAddr;

pub use agent::Agent;
pub use call::{Call, CallEnd};

/// Who the agent is, and with whom it registers.
#[derive(Clone, Debug)]
pub struct SipOptions {
    /// The phone's own address; port 0 takes a free one.
    pub local: SocketAddr,
    /// The registrar's address.
    pub registrar: SocketAddr,
    /// The name that it registers.
    pub user: String,
    /// The password, where the registrar asks for one.
    pub password: Option<String>,
    /// The `User-Agent` of its messages.
    pub user_agent: String,
}

/// What a NOTIFY of the registrar says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notification {
    /// The `Event` header.
    pub event: String,
    /// The `Content-Type` header; empty if there is no body.
    pub content_type: String,
    /// The body.
    pub body: String,
}

/// Why a registration or a call fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is taken, or not ours.
    #[error("cannot use {address} for SIP")]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The registrar asks for a password, and there is none or it is wrong.
    #[error("{method} was challenged, and the password is missing or wrong")]
    Denied {
        /// The request that was challenged.
        method: String,
    },
    /// The registrar said no.
    #[error("{method} was refused with {status}")]
    Refused {
        /// The request that was refused.
        method: String,
        /// The status of the answer.
        status: u16,
    },
    /// Nobody answered in time, or everything stops.
    #[error("no final answer to {method}")]
    Unanswered {
        /// The request that was not answered.
        method: String,
    },
}
