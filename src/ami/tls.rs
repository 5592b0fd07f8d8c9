//! TLS to a server that is known by its CA, by its certificate, or by both.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::config::{Address, TlsConfig};
use handset_net::pin::Verifier;

/// Makes TLS of a TCP connection.
#[derive(Clone)]
pub struct Connector {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Connector {
    /// Shakes hands. Cancel safe in that dropping it closes the connection.
    pub async fn connect(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        self.connector.connect(self.name.clone(), stream).await
    }
}

impl TlsConfig {
    /// Reads the CA file and makes ready to connect to `address`.
    pub fn connector(&self, address: &Address) -> Result<Connector, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let authority = match &self.ca_file {
            Some(file) => Some(authority(file.clone(), Arc::clone(&provider))?),
            None if self.pin.is_none() => return Err(TlsError::NothingToTrust),
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

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file has no certificate in it.
    #[error("no certificate in ca_file {}", file.display())]
    NoCertificate {
        /// The file.
        file: PathBuf,
    },
    /// Neither CA nor pin.
    #[error("neither ca_file nor pin is given")]
    NothingToTrust,
    /// The file could not be read as PEM.
    #[error("cannot read ca_file {}", file.display())]
    Pem {
        /// The file.
        file: PathBuf,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// Something in the certificates or the library.
    #[error("TLS cannot use this")]
    Rustls(#[from] rustls::Error),
    /// The certificates of the CA are of no use.
    #[error("ca_file {} holds no usable CA", file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: rustls::client::VerifierBuilderError,
    },
    /// No certificate can carry this name.
    #[error("{name:?} is no name of a TLS server")]
    ServerName {
        /// The name.
        name: String,
        /// Why.
        source: InvalidDnsNameError,
    },
}

fn authority(
    file: PathBuf,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let pem = |source| TlsError::Pem {
        file: file.clone(),
        source,
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(&file).map_err(pem)? {
        roots.add(certificate.map_err(pem)?)?;
    }
    if roots.is_empty() {
        return Err(TlsError::NoCertificate { file });
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|source| TlsError::Unusable { file, source })
}
