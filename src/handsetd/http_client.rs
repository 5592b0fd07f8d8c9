//! HTTP clients that verify servers by the certificate authorities of this machine.

use std::sync::Once;

use reqwest::{Client, ClientBuilder};
use tracing::warn;

/// Builds a client with these settings.
///
/// A minimal system, such as a container, has no certificate authorities. The client then works as
/// well, but can verify no server, so its requests over https fail.
///
/// # Panics
///
/// Panics if no TLS provider is installed for the process.
pub(crate) fn build(settings: impl Fn() -> ClientBuilder) -> Client {
    settings().build().unwrap_or_else(|_| {
        ONCE.call_once(|| {
            warn!(
                "This machine has no certificate authorities, so requests over https fail. Install \
                 the package ca-certificates, and restart."
            );
        });
        settings()
            .tls_certs_only([])
            .build()
            .expect("main installs a TLS provider before anything else")
    })
}

/// There are several clients, but one cause.
static ONCE: Once = Once::new();
