//! TLS to the NATS servers: by a CA, by a pin, or by the CAs of the system.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use handset_net::access;
use handset_net::files::{self, Links};
use handset_net::pin::{Pin, Verifier};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
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
            None => Some(system()?),
        };
        let authority = authority
            .map(|roots| {
                WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(&provider))
                    .build()
            })
            .transpose()
            .map_err(|error| TlsError::Unusable(error.to_string()))?;
        let verifier = Verifier {
            authority,
            pin: self.pin,
            provider: Arc::clone(&provider),
        };
        let name = self
            .server_name
            .clone()
            .map(ServerName::try_from)
            .transpose();
        let name =
            name.map_err(|_| TlsError::ServerName(self.server_name.clone().unwrap_or_default()))?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Named { verifier, name }));
        match (&self.certificate_file, &self.key_file) {
            (None, None) => Ok(builder.with_no_client_auth()),
            (Some(certificate), Some(key)) => {
                let chain = certificates(certificate)?;
                let content = read(key)?;
                let parsed = PrivateKeyDer::from_pem_slice(&content).map_err(pem(key))?;
                Ok(builder.with_client_auth_cert(chain, parsed)?)
            }
            (Some(_), None) => Err(TlsError::HalfIdentity("key_file", "certificate_file")),
            (None, Some(_)) => Err(TlsError::HalfIdentity("certificate_file", "key_file")),
        }
    }
}

/// Verifies a certificate for another name than that of the URL.
#[derive(Debug)]
struct Named {
    verifier: Verifier,
    name: Option<ServerName<'static>>,
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let name = self.name.as_ref().unwrap_or(name);
        self.verifier
            .verify_server_cert(certificate, chain, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
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
        source: rustls::pki_types::pem::Error,
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
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

fn system() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(TlsError::NoAuthorities);
    }
    Ok(roots)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let content = read(file)?;
    let certificates = CertificateDer::pem_slice_iter(&content)
        .collect::<Result<Vec<_>, _>>()
        .map_err(pem(file))?;
    if certificates.is_empty() {
        return Err(TlsError::NoCertificate(file.to_owned()));
    }
    Ok(certificates)
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    files::read(file, Links::Follow, MAX_FILE).map_err(|source| TlsError::Unreadable {
        file: file.to_owned(),
        source: access::explained(file, source),
    })
}

fn pem(file: &Path) -> impl FnOnce(rustls::pki_types::pem::Error) -> TlsError {
    let file = file.to_owned();
    move |source| TlsError::Pem { file, source }
}

/// Maximum size of a file of certificates, in bytes; that of a whole system has about 200,000.
const MAX_FILE: u64 = 4 * 1024 * 1024;
