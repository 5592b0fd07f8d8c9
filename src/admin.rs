//! The administrator's door: the API, and what operators expect of a daemon.
//!
//! Whoever comes in here shows a token, but for the health and the metrics. Requests go the way of
//! all others, through [`crate::verb`] and the [`Dispatcher`]; nothing here knows how a phone is
//! told. Every answer has one shape, refusals included: status, reason, phone, vendor, id, result.

mod access;
mod ask;
mod body;
mod config;
mod deliveries;
mod feed;
mod health;
mod idempotency;
mod metrics;
mod openapi;
mod page;
mod phones;
mod query;
mod reply;
mod router;
mod secret;
mod server;
mod stream;
mod tls;

pub use config::{Config, TlsFiles};
pub use feed::{Feed, News, What};
pub use health::Health;
pub use secret::Token;
pub use server::{Error, Server};
pub use tls::TlsError;

use std::sync::Arc;

use crate::dispatch::Dispatcher;
use crate::events::Rulebook;
use crate::phone::States;
use crate::shutdown::Tasks;

/// What the door shows, and whom it asks.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Who takes requests to phones, and remembers them.
    pub dispatcher: Dispatcher,
    /// What happens.
    pub feed: Feed,
    /// The rules.
    pub rulebook: Rulebook,
    /// How the daemon is.
    pub health: Health,
    /// What phones are doing.
    pub states: States,
    /// Where requests that outlast their connection run.
    pub tasks: Tasks,
}

/// What all requests share.
#[derive(Debug)]
struct Office {
    parts: Parts,
    token: Token,
    sessions: page::Sessions,
    /// Whether nobody on the way can listen.
    is_encrypted: bool,
    idempotency: idempotency::Idempotency,
}

impl Office {
    fn new(parts: Parts, token: Token, is_encrypted: bool) -> Arc<Self> {
        Arc::new(Self {
            parts,
            token,
            sessions: page::Sessions::default(),
            is_encrypted,
            idempotency: idempotency::Idempotency::default(),
        })
    }
}

#[cfg(test)]
mod tests;
