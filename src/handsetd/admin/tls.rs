//! The certificate that the door shows.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use tokio_rustls::TlsAcceptor;

use super::config::TlsFiles;

impl TlsFiles {
    /// Reads the files. Blocks.
    pub(super) fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        let unreadable = |file: &PathBuf| {
            let file = file.clone();
            |source| TlsError::Unreadable { file, source }
        };
        let chain = CertificateDer::pem_file_iter(&self.certificate_file)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(unreadable(&self.certificate_file))?;
        if chain.is_empty() {
            let file = self.certificate_file.clone();
            return Err(TlsError::NoCertificate { file });
        }
        let key =
            PrivateKeyDer::from_pem_file(&self.key_file).map_err(unreadable(&self.key_file))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config).into())
    }
}

/// Why TLS can't be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file has no certificate in it.
    #[error("no certificate in {} (admin.tls.certificate_file)", file.display())]
    NoCertificate {
        /// The file.
        file: PathBuf,
    },
    /// Certificate and key do not fit, or are of no use.
    #[error("TLS can't use the certificate or the key (admin.tls)")]
    Rustls(#[from] rustls::Error),
    /// A file can't be read as PEM.
    #[error("cannot read {} (admin.tls)", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: pem::Error,
    },
}
