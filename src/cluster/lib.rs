#![doc = include_str!("README.md")]
//!
//! # Structure
//!
//! ```text
//! Cluster ── membership ─▶ Session (one connection) ─▶ NATS
//!    │          ├─ member_tracker ─▶ Members    (consumes)
//!    │          └─ presence ───────▶ Presence   (consumes and publishes)
//!    ├─ requests, peer_service, bus_service, events   (messages)
//!    └─ leases, claims, queue, files                  (streams)
//! ```
//!
//! A [`Config`] names the NATS servers; [`Cluster::start`] joins in the background, and again after each
//! failure. All input from other parties is untrusted: it is bounded, parsed, and never indexed without a
//! check.
// Peers may be hostile, so nothing here may panic because of what they send.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

mod attempts;
mod bus_request;
mod bus_service;
mod claims;
mod clock;
mod cluster;
mod config;
mod connector;
mod error;
mod events;
mod files;
mod headers;
mod identity;
mod inbox;
mod incoming_request;
mod leases;
mod member_tracker;
mod members;
mod membership;
mod names;
mod ordered_consumer;
mod peer_service;
mod presence;
mod probe;
mod queue;
mod request_counts;
mod requests;
mod responder;
mod revisions;
mod session;
mod shared;
mod state;
mod streams;
mod subjects;
mod subscription;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod tls;
mod tombstones;

pub use bus_request::BusRequest;
pub use cluster::Cluster;
pub use config::{Config, InvalidReplicas, InvalidUrl, Limits, Login, Replicas, ServerUrl, Timing};
pub use error::{AppendError, ChangeError, FileError, Reason, RequestError, Unavailable};
pub use files::{FileId, Files, InvalidFileId, MAX_FILE};
pub use identity::Identity;
pub use incoming_request::IncomingRequest;
pub use leases::{Candidacy, Leadership};
pub use members::{Member, Members};
pub use names::{DaemonName, InvalidName, Prefix};
pub use presence::{EntryTooLong, Presence, PresenceChange};
pub use probe::probe;
pub use queue::{MAX_ENTRY, Position, Queue, QueueEntry, QueueEvent, QueueWatcher};
pub use request_counts::RequestTotals;
pub use requests::PendingRequest;
pub use responder::Responder;
pub use state::State;
pub use tls::{TlsError, TlsSettings};

#[cfg(test)]
mod tests;
