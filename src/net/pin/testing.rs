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
    CertificateDer::from_pem_file(fixture("server.pem")).unwrap()
}

/// Returns an acceptor with that certificate.
pub fn acceptor() -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from_pem_file(fixture("server.key")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate()], key)
        .unwrap();
    Arc::new(config).into()
}
