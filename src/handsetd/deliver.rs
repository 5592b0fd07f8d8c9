//! Getting an action to a phone, and saying what came of it.
//!
//! [`Courier`] prepares what the phone is to fetch, asks the vendor's backend for a plan, and sends
//! it. It decides nothing: whose phone it is and what is asked stands fixed when it is called.

mod blocking;
mod challenge;
mod circuit_breaker;
mod circuit_breakers;
mod config;
mod conversion_cache;
mod courier;
mod digest;
mod execution;
mod failure;
mod local_address;
mod media_source;
mod media_store;
mod mobility;
mod notify;
mod originate;
mod phone_client;
mod prepare;
mod push_credentials;
mod registration;
mod reply_data;
mod template;

pub(crate) use challenge::Challenge;
pub(crate) use config::Config;
pub(crate) use courier::Courier;
pub(crate) use mobility::{CallManager, Encoding};
pub use push_credentials::PushCredentials;
pub(crate) use registration::Sends;
