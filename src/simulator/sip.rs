//! A small SIP user agent over UDP, TCP or TLS, so that a simulated phone can register with a real
//! Asterisk and dial, and be called for a CSTA session. It is signalling only, one outgoing call at a
//! time, without sound.
//!
//! It offers G.711 µ-law in its SDP and sends no RTP. The content of a NOTIFY from its registrar is
//! handed to [`Agent::notifications`]. Other requests that belong to no call of its own go to the
//! server of requests; without one, `OPTIONS` gets 200 and everything else 405 or 481.

mod account;
mod agent;
mod call;
mod dialog;
mod error;
mod framing;
mod link;
mod message;
mod server;
#[cfg(test)]
mod tests;
mod transaction;
mod transport;

pub use account::SipOptions;
pub use agent::Agent;
pub use call::{Call, CallEnd};
pub(crate) use dialog::{Dialog, Misfit};
pub use error::Error;
pub use link::Protocol;
pub(crate) use message::{Message, uri};
pub(crate) use transport::Incoming;
pub use transport::Notification;
