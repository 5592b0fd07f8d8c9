//! TLS to the NATS servers: by a CA, by a pin, or by the CAs of the system.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use handset_net::pem_files;
use handset_net::pin::{Pin, Verifier};
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::{CertificateDer, ServerName, pem};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;

/// How to authenticate the NATS servers and this daemon.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct TlsSettings {
    /// File with the trusted CAs, PEM; the default is those of the system, unless a pin is set.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The name in the certificates; the default is the host of the URL.
    #[serde(default)]
    pub server_name: Option<String>,
    /// SHA-256 of the certificate of the servers (DER), as `sha256:HEX`.
    #[serde(default)]
    pub pin: Option<Pin>,
    /// File with the certificate of this daemon, PEM, for servers that verify clients.
    #[serde(default)]
    pub certificate_file: Option<PathBuf>,
    /// File with its key, PEM.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
}

impl TlsSettings {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be read or contains nothing usable.
    pub fn client_config(&self) -> Result<ClientConfig, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let authority = match &self.ca_file {
            Some(file) => Some(authorities(file)?),
            None if self.pin.is_some() => None,
            None => Some(system_authorities()?),
        };
        let authority = authority
            .map(|roots| {
                WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(&provider))
                    .build()
            })
            .transpose()
            .map_err(|error| TlsError::Unusable(error.to_string()))?;
        let name = self
            .server_name
            .clone()
            .map(ServerName::try_from)
            .transpose();
        let name =
            name.map_err(|_| TlsError::ServerName(self.server_name.clone().unwrap_or_default()))?;
        let verifier = Verifier {
            authority,
            pin: self.pin,
            name,
            provider: Arc::clone(&provider),
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        match (&self.certificate_file, &self.key_file) {
            (None, None) => Ok(builder.with_no_client_auth()),
            (Some(certificate), Some(key)) => {
                let chain = certificates(certificate)?;
                let key = pem_files::private_key(key).map_err(unusable(key))?;
                Ok(builder.with_client_auth_cert(chain, key)?)
            }
            (Some(_), None) => Err(TlsError::HalfIdentity("key_file", "certificate_file")),
            (None, Some(_)) => Err(TlsError::HalfIdentity("certificate_file", "key_file")),
        }
    }
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// Its path.
        file: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// A file is not PEM.
    #[error("{} is not a PEM file: {source}", file.display())]
    Pem {
        /// Its path.
        file: PathBuf,
        /// The reason.
        source: pem::Error,
    },
    /// A file contains no certificate.
    #[error("no certificate in {}", .0.display())]
    NoCertificate(PathBuf),
    /// The system has no CAs.
    #[error("the system trusts no CA; set ca_file, or install the package ca-certificates")]
    NoAuthorities,
    /// The CAs are unusable.
    #[error("the CAs cannot be used: {0}")]
    Unusable(String),
    /// The name is not valid in a certificate.
    #[error("invalid server_name {0:?}")]
    ServerName(String),
    /// Only one of certificate and key is set.
    #[error("{0} is missing, which belongs to {1}")]
    HalfIdentity(&'static str, &'static str),
    /// The TLS library returned an error.
    #[error("invalid certificate, key or TLS configuration: {0}")]
    Rustls(#[from] rustls::Error),
}

fn authorities(file: &Path) -> Result<RootCertStore, TlsError> {
    Ok(pem_files::root_store(certificates(file)?)?)
}

fn system_authorities() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(TlsError::NoAuthorities);
    }
    Ok(roots)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates = pem_files::certificates(file).map_err(unusable(file))?;
    if certificates.is_empty() {
        return Err(TlsError::NoCertificate(file.to_owned()));
    }
    Ok(certificates)
}

fn unusable(file: &Path) -> impl FnOnce(pem::Error) -> TlsError {
    let file = file.to_owned();
    move |source| match source {
        pem::Error::Io(source) => TlsError::Unreadable { file, source },
        source => TlsError::Pem { file, source },
    }
}
