//! Getting an action to a phone, and saying what came of it.
//!
//! [`Courier`] prepares what the phone is to fetch, asks the vendor's backend for a plan, and sends
//! it. It decides nothing: whose phone it is and what is asked stands fixed when it is called.

mod breaker;
mod breakers;
mod config;
mod courier;
mod digest;
mod durable;
mod errand;
mod http;
mod library;
mod login;
mod made;
mod mobility;
mod notify;
mod pbx;
mod prepare;
mod reach;
mod route;
mod template;
mod told;

pub use config::Config;
pub use courier::Courier;
pub(crate) use digest::Challenge;
pub use library::Library;
pub use login::{Login, Logins};
pub use mobility::{CallManager, Encoding};
pub use reach::Sends;
