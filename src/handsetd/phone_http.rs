//! The phone-facing HTTP server (`[http]`): the authentication URL of Cisco phones, pushed content
//! for phones to fetch, action URLs, by which phones report events, and pages with their forms.
//!
//! It sends nothing to phones on its own account, and serves nothing of the admin API.

mod action_url;
mod authenticate;
mod config;
mod content;
mod page;
mod router;
mod server;

pub(crate) use action_url::{ActionKey, ActionUrls, event_names};
pub use action_url::{ActionUrlEvent, EventReceiver, EventSender, event_queue};
pub(crate) use config::Config;
pub(crate) use page::PageRoutes;
pub(crate) use router::router;
pub(crate) use server::Server;

#[cfg(test)]
mod tests;
