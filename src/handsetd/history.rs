//! What was asked, by whom, and what came of it: every delivery for a while, in memory.
//!
//! The [`History`] is bounded in time and in number. It never keeps a password, and keeps the texts
//! of messages only if the configuration lets it. It decides nothing and sends nothing; who wants to
//! know of changes at once listens to [`History::changes`].

mod config;
mod log;
mod record;
mod redact;
mod requester;
mod search;

pub use config::Config;
pub use log::{EntryId, History};
pub use record::{Record, RequestInfo};
pub use redact::without_secrets;
pub use requester::Requester;
pub use search::{Search, since};

#[cfg(test)]
mod tests;
