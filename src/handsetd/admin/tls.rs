//! The TLS configuration of the admin server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use handset_net::access;
use handset_net::files::{self, Links};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use tokio_rustls::TlsAcceptor;

use super::config::TlsFiles;

/// Reads the files. Blocks.
pub(super) fn acceptor(tls: &TlsFiles) -> Result<TlsAcceptor, TlsError> {
    let chain = CertificateDer::pem_slice_iter(&read(&tls.certificate_file)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| unreadable(&tls.certificate_file, source))?;
    if chain.is_empty() {
        let file = tls.certificate_file.clone();
        return Err(TlsError::NoCertificate { file });
    }
    let key = PrivateKeyDer::from_pem_slice(&read(&tls.key_file)?)
        .map_err(|source| unreadable(&tls.key_file, source))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config).into())
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    let content = files::read(file, Links::Follow, MAX_FILE);
    content.map_err(|error| unreadable(file, pem::Error::Io(access::explained(file, error))))
}

fn unreadable(file: &Path, source: pem::Error) -> TlsError {
    let file = file.to_owned();
    TlsError::Unreadable { file, source }
}

/// The longest file, in bytes; certificate chains have a few thousand.
const MAX_FILE: u64 = 1024 * 1024;

/// Why TLS cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("no certificate in {} (admin.tls.certificate_file)", file.display())]
    NoCertificate { file: PathBuf },
    #[error("cannot use the certificate or its key (admin.tls)")]
    Rustls(#[from] rustls::Error),
    #[error("cannot read {} (admin.tls)", file.display())]
    Unreadable { file: PathBuf, source: pem::Error },
}
