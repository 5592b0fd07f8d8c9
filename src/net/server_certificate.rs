//! The certificate of a TLS server and its key, from PEM files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem;
use serde::Deserialize;

use crate::pem_files;

/// The PEM files of a TLS server.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate, followed by its intermediates.
    pub certificate_file: PathBuf,
    /// The private key of the certificate.
    pub key_file: PathBuf,
}

/// Why TLS cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file has none.
    #[error("no certificate in {} ({key}.certificate_file)", file.display())]
    NoCertificate {
        /// The key of the configuration.
        key: &'static str,
        /// The file.
        file: PathBuf,
    },
    /// They do not belong together, or have an unknown algorithm.
    #[error("cannot use the certificate or its key ({key})")]
    Rustls {
        /// The key of the configuration.
        key: &'static str,
        /// What is wrong.
        source: rustls::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {} ({key})", file.display())]
    Unreadable {
        /// The key of the configuration.
        key: &'static str,
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: pem::Error,
    },
}

impl TlsFiles {
    /// Returns the first path that is not absolute.
    pub fn relative(&self) -> Option<&Path> {
        let files: [&Path; 2] = [&self.certificate_file, &self.key_file];
        files.into_iter().find(|file| !file.is_absolute())
    }

    /// Reads the files; `key` is their key in the configuration, for errors. Blocks.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be read, or if they do not make a server.
    pub fn load(&self, key: &'static str) -> Result<ServerConfig, TlsError> {
        let unreadable = |file: &Path, source| {
            let file = file.to_owned();
            TlsError::Unreadable { key, file, source }
        };
        let chain = pem_files::certificates(&self.certificate_file)
            .map_err(|source| unreadable(&self.certificate_file, source))?;
        if chain.is_empty() {
            let file = self.certificate_file.clone();
            return Err(TlsError::NoCertificate { key, file });
        }
        let private = pem_files::private_key(&self.key_file)
            .map_err(|source| unreadable(&self.key_file, source))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                config
                    .with_no_client_auth()
                    .with_single_cert(chain, private)
            })
            .map_err(|source| TlsError::Rustls { key, source })
    }
}
