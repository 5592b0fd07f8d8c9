//! Common parts of network servers and clients: listeners with limits, tasks that stop together,
//! TLS certificates, pinned or our own, digest authentication, a limit of failed logins, addresses that may be
//! connected to, retry delays, maps whose entries expire, files that cannot hang or flood their readers,
//! and texts: excerpts of long ones, those of unknown encoding, patterns with wildcards, and request lines that
//! are not encoded.
//!
//! Nothing here is specific to telephony, and nothing routes HTTP requests.

pub mod access;
pub mod allow_list;
pub mod backoff;
#[cfg(feature = "destinations")]
pub mod destinations;
#[cfg(feature = "digest")]
pub mod digest;
pub mod excerpt;
pub mod expiring;
pub mod failed_logins;
pub mod files;
#[cfg(feature = "http")]
pub mod http_server;
pub mod listener;
#[cfg(feature = "tls")]
pub mod pem_files;
#[cfg(feature = "tls")]
pub mod pin;
pub mod random;
pub mod request_line;
#[cfg(feature = "tls")]
pub mod server_certificate;
pub mod tasks;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
pub mod wildcard;
