//! A simulated call manager (Cisco Unified Communications Manager) that offers Extension Mobility.
//!
//! It is strict about the names, case and order of elements, about the application's credentials,
//! and about who is logged in where. Like the real one it accepts forms, multipart bodies and
//! queries, puts blanks around the texts of its responses and percent-encodes user ids. Phones do
//! not restart when a user logs in.

mod call_manager;
mod http;
mod options;
mod service;
mod state;
#[cfg(test)]
mod tests;

pub use call_manager::{CallManager, start};
pub use options::Options;
pub use state::{Login, State};
