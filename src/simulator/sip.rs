//! A small SIP user agent over UDP, so that a simulated phone can register with a real Asterisk and
//! dial. It is signalling only, one call at a time, without sound.
//!
//! It offers G.711 µ-law in its SDP and sends no RTP. It answers `OPTIONS`, `NOTIFY` and `BYE` with
//! 200 and everything else with 405, so it cannot be called. The content of a NOTIFY from its
//! registrar is handed to [`Agent::notifications`]. There is no TCP, no TLS and no re-INVITE.

mod account;
mod agent;
mod call;
mod error;
mod message;
#[cfg(test)]
mod tests;
mod transaction;
mod transport;

pub use account::SipOptions;
pub use agent::Agent;
pub use call::{Call, CallEnd};
pub use error::Error;
pub use transport::Notification;
