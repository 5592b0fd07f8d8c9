//! What was asked, by whom, and what came of it: every delivery for a while, in memory.
//!
//! The [`History`] is bounded in time and in number. It never keeps a password, and keeps the texts
//! of messages only if the configuration lets it. It decides nothing and sends nothing; who wants to
//! know of changes at once listens to [`History::changes`].

mod asker;
mod config;
mod log;
mod record;
mod redact;
mod search;

pub use asker::Asker;
pub use config::Config;
pub use log::{Entry, History};
pub use record::{Asked, Record};
pub use redact::without_secrets;
pub use search::{Search, since};

#[cfg(test)]
mod tests;
