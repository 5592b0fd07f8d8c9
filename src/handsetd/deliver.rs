//! Delivery of an action to a phone.
//!
//! [`Courier`] prepares the content that the phone fetches, asks the vendor's backend for a plan, and
//! executes it. Phone and action are decided before it is called.

mod asterisk_action;
mod blocking;
mod challenge;
mod channel;
mod circuit_breaker;
mod circuit_breakers;
mod config;
mod contactable;
mod conversion_cache;
mod courier;
mod execution;
mod expected_fetches;
mod failure;
mod fetch_test;
mod form_address;
mod local_address;
mod look_up;
mod media_source;
mod media_store;
mod mobility;
mod notify;
mod originate;
mod phone_client;
mod prepare;
mod push_credentials;
mod read_files;
mod registration;
mod rehearsal;
mod reply_data;
mod shared_plans;
mod template;
mod transport_probes;

pub(crate) use challenge::Challenges;
pub(crate) use config::Config;
pub(crate) use courier::Courier;
pub(crate) use failure::Failure;
pub(crate) use fetch_test::FetchTest;
pub(crate) use form_address::FormAddress;
pub(crate) use mobility::{CallManager, Encoding};
#[cfg(test)]
pub(crate) use push_credentials::Password;
pub use push_credentials::{ConfiguredCredentials, Owner, PushCredentials};
pub(crate) use push_credentials::{Presented, Redemption};
pub(crate) use shared_plans::SharedPlans;
pub(crate) use transport_probes::TransportProbe;
