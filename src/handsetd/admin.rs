//! The administrator's door: the API, and what operators expect of a daemon.
//!
//! Whoever comes in here shows a token, but for the health and the metrics. Requests go the way of
//! all others, through [`handset_phones::verb`] and the [`Dispatcher`]; nothing here knows how a phone is
//! told. Every answer has one shape, refusals included: status, reason, phone, vendor, id, result.

mod bearer;
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
mod requests;
mod router;
mod server;
mod stream;
mod tls;
mod token;

pub use config::{Config, TlsFiles};
pub use feed::{EventFeed, FeedItem, Payload};
pub use health::Health;
pub use server::{Error, Server};
pub use tls::TlsError;
pub use token::Token;

use std::sync::Arc;

use crate::dispatch::Dispatcher;
use crate::events::RulesHandle;
use handset_net::tasks::Tasks;
use handset_phones::phone::States;

/// Payload the door shows, and whom it asks.
#[derive(Clone, Debug)]
pub struct Services {
    /// Who takes requests to phones, and remembers them.
    pub dispatcher: Dispatcher,
    /// Payload happens.
    pub feed: EventFeed,
    /// The rules.
    pub rules: RulesHandle,
    /// How the daemon is.
    pub health: Health,
    /// Payload phones are doing.
    pub states: States,
    /// Where requests that outlast their connection run.
    pub tasks: Tasks,
}

/// Payload all requests share.
#[derive(Debug)]
struct AppState {
    parts: Services,
    token: Token,
    sessions: page::Sessions,
    /// Whether nobody on the way can listen.
    is_encrypted: bool,
    idempotency: idempotency::IdempotencyStore,
}

impl AppState {
    fn new(parts: Services, token: Token, is_encrypted: bool) -> Arc<Self> {
        Arc::new(Self {
            parts,
            token,
            sessions: page::Sessions::default(),
            is_encrypted,
            idempotency: idempotency::IdempotencyStore::default(),
        })
    }
}

#[cfg(test)]
mod tests;
