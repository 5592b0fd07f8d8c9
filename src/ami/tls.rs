//! TLS to a server that is authenticated by its CA, by its certificate, or by both.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use handset_net::pem_files;
use handset_net::pin::{Pin, Verifier};
use rustls::ClientConfig;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{InvalidDnsNameError, ServerName};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::address::Address;

/// How to authenticate a TLS server: by a CA, by a pin, or by both. At least one is required.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// File with the trusted CAs, PEM. The certificate and its name are then verified.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The name in the certificate; the default is the host of the address.
    #[serde(default)]
    pub server_name: Option<String>,
    /// SHA-256 of the server certificate (DER), as `sha256:HEX`.
    #[serde(default)]
    pub pin: Option<Pin>,
}

/// Upgrades a TCP connection to TLS.
#[derive(Clone)]
pub(crate) struct Connector {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Connector {
    /// Performs the TLS handshake.
    pub(crate) async fn connect(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        self.connector.connect(self.name.clone(), stream).await
    }
}

impl TlsConfig {
    /// Loads the CA file and creates a connector for `address`.
    pub(crate) fn connector(&self, address: &Address) -> Result<Connector, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let authority = match &self.ca_file {
            Some(file) => Some(authority(file.clone(), Arc::clone(&provider))?),
            None if self.pin.is_none() => return Err(TlsError::NoTrustAnchor),
            None => None,
        };
        let name = self
            .server_name
            .as_deref()
            .unwrap_or_else(|| address.host());
        let name =
            ServerName::try_from(name.to_owned()).map_err(|source| TlsError::ServerName {
                name: name.to_owned(),
                source,
            })?;
        let verifier = Verifier {
            authority,
            pin: self.pin,
            name: None,
            provider: Arc::clone(&provider),
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Connector {
            connector: Arc::new(config).into(),
            name,
        })
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file contains no certificate.
    #[error("no certificate in ca_file {}", file.display())]
    NoCertificate {
        /// Path of the file.
        file: PathBuf,
    },
    /// Neither CA nor pin is configured.
    #[error("neither ca_file nor pin is set")]
    NoTrustAnchor,
    /// The file cannot be read as PEM.
    #[error("cannot read ca_file {}", file.display())]
    Pem {
        /// Path of the file.
        file: PathBuf,
        /// The reason.
        source: rustls::pki_types::pem::Error,
    },
    /// The TLS library rejects a certificate or the configuration.
    #[error("invalid certificate or TLS configuration")]
    Rustls(#[from] rustls::Error),
    /// The name is not valid in a certificate.
    #[error("invalid server name {name:?}")]
    ServerName {
        /// The rejected name.
        name: String,
        /// The reason.
        source: InvalidDnsNameError,
    },
    /// The file contains no valid CA.
    #[error("ca_file {} contains no usable CA", file.display())]
    UnusableCa {
        /// Path of the file.
        file: PathBuf,
        /// The reason.
        source: rustls::client::VerifierBuilderError,
    },
}

fn authority(
    file: PathBuf,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let certificates = match pem_files::certificates(&file) {
        Ok(certificates) if certificates.is_empty() => {
            return Err(TlsError::NoCertificate { file });
        }
        Ok(certificates) => certificates,
        Err(source) => return Err(TlsError::Pem { file, source }),
    };
    let roots = pem_files::root_store(certificates)?;
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|source| TlsError::UnusableCa { file, source })
}
