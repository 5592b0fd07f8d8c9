//! What handsetd's network programs share: bounded listeners, tasks that stop, pinned certificates.
//!
//! Nothing here knows telephony, and nothing routes HTTP requests.

pub mod backoff;
pub mod expiring;
#[cfg(feature = "http")]
pub mod http_server;
pub mod listener;
#[cfg(feature = "tls")]
pub mod pin;
pub mod random;
pub mod tasks;
