//! The admin API, the web page, and the health and metrics endpoints (`[admin]`).
//!
//! Everything but health and metrics requires a user's token. Requests to phones take the same path
//! as all others, through [`handset_phones::verb`] and the `Dispatcher`. Every reply of the API has
//! the same fields, also when a request is refused: status, reason, phone, vendor, id, result.

mod accounts;
mod answers;
mod bearer;
mod body;
#[cfg(feature = "cluster")]
mod bus;
mod config;
mod daemons;
mod deliveries;
mod favourites;
mod feed;
mod fetch_test;
mod following;
mod health;
mod host;
mod idempotency;
mod interest;
mod list_reply;
mod long_requests;
mod metrics;
mod openapi;
mod overview;
mod page;
mod path;
mod phones;
mod query;
mod question;
mod recent_events;
mod reload;
mod reload_report;
mod repeat;
mod reply;
mod requests;
mod role;
mod router;
mod rules;
mod server;
mod sessions;
mod state;
mod status;
mod stream;
mod token;
mod ways;
mod wrong_tokens;

pub(crate) use accounts::Accounts;
pub(crate) use answers::Answers;
pub(crate) use body::parse as parse_body;
#[cfg(feature = "cluster")]
pub(crate) use bus::{answer_bus, delivery_event, fact_event};
pub(crate) use config::{Config, User};
pub(crate) use daemons::Daemons;
pub(crate) use favourites::Favourites;
pub(crate) use feed::EventFeed;
pub(crate) use reload_report::{ReloadReport, ReloadRequest, ReloadRequests};
pub(crate) use role::Role;
pub(crate) use server::{Error, Server};
pub(crate) use state::{Health, Services};
pub(crate) use token::Token;

#[cfg(test)]
mod tests;
