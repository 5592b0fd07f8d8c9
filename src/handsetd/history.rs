//! History of deliveries: what was requested, by whom, and the result.
//!
//! The `History` is bounded in age and in number. It is kept in memory, and a file follows it, so that it
//! outlasts a restart. It never keeps a password, and it keeps message texts only if the configuration
//! allows it. It decides nothing and sends nothing; subscribers of
//! `History::changes` learn of every change at once.

mod bounded_log;
mod config;
mod disk;
mod exchange;
mod log;
mod overview;
mod record;
mod redact;
mod requester;
mod search;
mod searching;

pub(crate) use config::Config;
pub(crate) use disk::Place as HistoryPlace;
pub(crate) use log::{Change, Figures as HistoryFigures, History, OpenRecord};
pub(crate) use overview::{Bucket, Overview, Percentiles};
pub(crate) use record::{Record, RequestInfo};
pub(crate) use redact::{has_secret, without_secrets};
pub(crate) use requester::Requester;
pub(crate) use search::{Position, Search, parse_time};
pub(crate) use searching::Order;

#[cfg(test)]
mod tests;
