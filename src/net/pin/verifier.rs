//! Verifies certificates by their pins, their CAs, or both.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, SignatureScheme};

use super::fingerprint::Pin;
use super::rejection::WrongPin;
use super::untrusted::Untrusted;

impl Pin {
    /// Returns a TLS configuration that accepts only this certificate, whatever its name and issuer.
    ///
    /// # Panics
    ///
    /// Never, because the default TLS versions are compiled in.
    pub fn client_config(self) -> ClientConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier {
            authority: None,
            pin: Some(self),
            name: None,
            provider: Arc::clone(&provider),
        };
        ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring supports the default TLS versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth()
    }
}

/// Verifies the certificate of a server by its CA, its pin, or both; rejects everything if it has
/// neither.
#[derive(Debug)]
pub struct Verifier {
    /// The trusted CAs.
    pub authority: Option<Arc<WebPkiServerVerifier>>,
    /// The expected certificate.
    pub pin: Option<Pin>,
    /// The name in the certificate, if it is not that of the connection.
    pub name: Option<ServerName<'static>>,
    /// The cryptography for the signatures of the handshake.
    pub provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(expected) = self.pin {
            let found = Pin::of(certificate);
            if found != expected {
                let wrong = OtherError(Arc::new(WrongPin { found, expected }));
                return Err(CertificateError::Other(wrong).into());
            }
        }
        match &self.authority {
            Some(authority) => authority
                .verify_server_cert(
                    certificate,
                    chain,
                    self.name.as_ref().unwrap_or(name),
                    ocsp,
                    now,
                )
                .map_err(|error| Untrusted::explain(certificate, error)),
            None if self.pin.is_some() => Ok(ServerCertVerified::assertion()),
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
