//! A TLS server for tests.

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "tests that cannot read their certificate should fail"
)]

use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Returns the path of a fixture for TLS tests.
pub fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/ami/tls")
        .join(name)
}

/// Returns the certificate of the server, valid for 127.0.0.1 and pbx.example.com.
pub fn certificate() -> CertificateDer<'static> {
    certificate_in("server.pem")
}

/// Returns the certificate in a fixture.
pub fn certificate_in(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(fixture(name)).unwrap()
}

/// Returns an acceptor with the certificate of the server.
pub fn acceptor() -> TlsAcceptor {
    acceptor_of("server")
}

/// Returns an acceptor with the certificate and the key of fixtures of that name.
pub fn acceptor_of(name: &str) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from_pem_file(fixture(&format!("{name}.key"))).unwrap();
    let chain = vec![certificate_in(&format!("{name}.pem"))];
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    Arc::new(config).into()
}
