//! A small SIP user agent (RFC 3261): it accepts registrations, and establishes dialogs in which it
//! sends requests and receives them.
//!
//! It knows nothing about what its bodies mean, and no media: a dialog here carries INFO (RFC 6086).
//! [`wire`] has the messages, [`UserAgent`] sockets and transactions, [`Dialog`] a dialog that we
//! established.
//!
//! # What it answers by itself
//!
//! REGISTER is the only request outside a dialog that it hands on ([`Incoming`]). Others are answered:
//! OPTIONS 200, INVITE 403, a request of an unknown dialog 481, any other method 405. What cannot be
//! parsed gets no answer, and over UDP no answer goes to another address than the one that asked.
// Peers may be hostile, so nothing here may panic because of what they send.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

mod agent;
mod answering;
mod authenticator;
mod clients;
mod config;
mod core;
mod counters;
mod credentials;
mod dialog;
mod error;
mod exchange;
mod flow;
mod incoming;
mod invite;
mod legs;
mod limiter;
mod listen;
mod outgoing;
mod receive;
mod responder;
mod servers;
mod session;
mod timers;
mod transport;
pub mod wire;

pub use agent::{BoundUserAgent, UserAgent};
pub use authenticator::{Authenticator, Verdict};
pub use config::{Config, Limits};
pub use counters::Totals;
pub use credentials::Credentials;
pub use dialog::{Dialog, DialogRequests, End, Established, InDialogRequest, Invite};
pub use error::{BindError, InviteError, NotSent, RequestError, Unanswered};
pub use flow::{Flow, Target};
pub use incoming::{Incoming, IncomingRequest};
pub use listen::{InvalidListen, Listen, Transport};

#[cfg(test)]
mod tests;
