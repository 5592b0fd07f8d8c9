//! The TLS configuration of the admin server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use tokio_rustls::TlsAcceptor;

use super::config::TlsFiles;

/// Reads the files. Blocks.
pub(super) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, TlsError> {
    let chain = CertificateDer::pem_file_iter(&files.certificate_file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|source| unreadable(&files.certificate_file, source))?;
    if chain.is_empty() {
        let file = files.certificate_file.clone();
        return Err(TlsError::NoCertificate { file });
    }
    let key = PrivateKeyDer::from_pem_file(&files.key_file)
        .map_err(|source| unreadable(&files.key_file, source))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config).into())
}

fn unreadable(file: &Path, source: pem::Error) -> TlsError {
    let file = file.to_owned();
    TlsError::Unreadable { file, source }
}

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
