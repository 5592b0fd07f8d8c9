#![doc = include_str!("README.md")]
//!
//! # Structure
//!
//! ```text
//! Cluster ── joining ─▶ Session (one connection) ─▶ NATS
//!    │          ├─ membership ─▶ Members    (watches)
//!    │          └─ announcing ─▶ Presence   (watches and publishes)
//!    ├─ asking, peer_service, bus_service, events   (messages)
//!    └─ election, claims, queue, files              (streams)
//! ```
//!
//! A [`Config`] names the NATS servers; [`Cluster::start`] joins in the background, and again after each
//! failure. All input from other parties is untrusted: it is bounded, parsed, and never indexed without a
//! check.
// Peers may be hostile, so nothing here may panic because of what they send.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

mod announcing;
mod asking;
mod bus;
mod bus_service;
mod claims;
mod clock;
mod cluster;
mod config;
mod connecting;
mod election;
mod error;
mod events;
mod files;
mod headers;
mod identity;
mod inbox;
mod indexing;
mod joining;
mod leases;
mod members;
mod membership;
mod names;
mod peer_service;
mod peers;
mod presence;
mod probe;
mod queue;
mod records;
mod reply;
mod request_counts;
mod service;
mod session;
mod shared;
mod state;
mod streams;
mod subjects;
mod sweeper;
mod sweeping;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod tls;
mod watching;

pub use asking::Asked;
pub use bus::BusRequest;
pub use cluster::Cluster;
pub use config::{Config, InvalidReplicas, InvalidUrl, Limits, Login, Replicas, ServerUrl, Timing};
pub use error::{AppendError, Away, ChangeError, FileError, Reason, RequestError};
pub use files::{FileId, Files, InvalidFileId, MAX_FILE};
pub use identity::Identity;
pub use leases::{Candidacy, Leadership};
pub use members::{Member, Members};
pub use names::{DaemonName, InvalidName, Prefix};
pub use peers::Incoming;
pub use presence::{Change, Presence, TooLong};
pub use probe::probe;
pub use queue::{Follower, Item, MAX_ENTRY, Position, Queue, QueueEvent};
pub use reply::Reply;
pub use request_counts::RequestTotals;
pub use state::State;
pub use tls::{TlsError, TlsSettings};

#[cfg(test)]
mod readme_tests;
#[cfg(test)]
mod tests;
