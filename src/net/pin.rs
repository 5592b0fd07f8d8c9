//! Certificates pinned by their SHA-256.
//!
//! Desk phones have certificates that are not signed by a known CA and name no host. The fingerprint
//! is stricter than both: it identifies one device.

#[cfg(feature = "testing")]
pub mod testing;
mod untrusted;

use std::error::Error;
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, SignatureScheme};
use serde::Deserialize;
use sha2::{Digest, Sha256};

pub use untrusted::Untrusted;

/// The SHA-256 of a certificate in DER.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(try_from = "String")]
pub struct Pin([u8; 32]);

impl Pin {
    /// Returns the pin of a certificate, given in DER.
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }

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

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", hex::encode(self.0))
    }
}

impl FromStr for Pin {
    type Err = InvalidPin;

    /// Parses `sha256:` and 64 hexadecimal digits, optionally separated by colons.
    fn from_str(text: &str) -> Result<Self, InvalidPin> {
        let mut pin = [0; 32];
        let digits = text
            .strip_prefix("sha256:")
            .map(|digits| digits.replace(':', ""));
        match digits.map(|digits| hex::decode_to_slice(digits, &mut pin)) {
            Some(Ok(())) => Ok(Self(pin)),
            _ => Err(InvalidPin(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Pin {
    type Error = InvalidPin;

    fn try_from(text: String) -> Result<Self, InvalidPin> {
        text.parse()
    }
}

/// A text that is not a pin.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("invalid pin {0:?}; expected sha256: and 64 hexadecimal digits")]
pub struct InvalidPin(String);

/// The server has a certificate other than the pinned one.
#[derive(Clone, Copy, Eq, PartialEq, thiserror::Error)]
#[error("its certificate has the pin {found}, but {expected} is configured")]
pub struct WrongPin {
    found: Pin,
    expected: Pin,
}

impl fmt::Debug for WrongPin {
    /// Formats like `Display`, because rustls shows the cause of an error by its `Debug` output.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl WrongPin {
    /// Returns the wrong pin among the sources of an error, if there is one.
    pub fn among(error: &(dyn Error + 'static)) -> Option<Self> {
        cause(error)
    }
}

/// Returns the error of type `T` with which a [`Verifier`] rejected a certificate, if it is among the
/// sources of `error`.
fn cause<T: Error + Clone + 'static>(error: &(dyn Error + 'static)) -> Option<T> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let tls = error.downcast_ref::<rustls::Error>();
        if let Some(rustls::Error::InvalidCertificate(CertificateError::Other(other))) = tls {
            return other.0.downcast_ref().cloned();
        }
        // An I/O error does not return the error it wraps as its source.
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        cause = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

/// Verifies the certificate of a server by its CA, its pin, or both; rejects everything if it has
/// neither.
#[derive(Debug)]
pub struct Verifier {
    /// The trusted CAs.
    pub authority: Option<Arc<WebPkiServerVerifier>>,
    /// The expected certificate.
    pub pin: Option<Pin>,
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
                .verify_server_cert(certificate, chain, name, ocsp, now)
                .map_err(|error| Untrusted::new(certificate, error)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatted_pin_parses_equal() {
        let pin = Pin::of(b"a certificate");
        assert_eq!(pin.to_string().parse(), Ok(pin));
        let colons = format!("sha256:{}", ["AB"; 32].join(":"));
        assert!(colons.parse::<Pin>().is_ok());
        for text in ["", "sha256:", "sha256:ab", "sha1:00", &colons[7..]] {
            assert!(text.parse::<Pin>().is_err(), "{text}");
        }
    }
}
