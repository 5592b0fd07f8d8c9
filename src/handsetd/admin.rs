//! The admin API, the web page, and the health and metrics endpoints (`[admin]`).
//!
//! Everything but health and metrics requires the admin token. Requests to phones take the same path
//! as all others, through [`handset_phones::verb`] and the `Dispatcher`. Every reply of the API has
//! the same fields, also when a request is refused: status, reason, phone, vendor, id, result.

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
mod sessions;
mod state;
mod stream;
mod tls;
mod token;

pub(crate) use config::{Config, TlsFiles};
pub(crate) use feed::EventFeed;
pub(crate) use server::{Error, Server};
pub(crate) use state::{Health, Services};
pub(crate) use token::Token;

#[cfg(test)]
mod tests;
