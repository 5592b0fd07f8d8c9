//! A server that is known by the SHA-256 of its certificate.
//!
//! Desk phones have certificates that no authority has signed and that name no host. The
//! fingerprint says more than both: it is this one device, or none. Who else is trusted beside a
//! pin, and which words tell of it, is the business of those who connect.

#[cfg(feature = "testing")]
pub mod testing;

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

/// The SHA-256 of a certificate.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(try_from = "String")]
pub struct Pin([u8; 32]);

impl Pin {
    /// Returns the pin of a certificate in DER.
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }

    /// Makes ready to connect to the server with this very certificate, whatever its name and
    /// whoever has signed it, and to no other.
    ///
    /// # Panics
    ///
    /// Never, as long as the TLS library speaks the versions that it was built with.
    pub fn client_config(self) -> ClientConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier {
            authority: None,
            pin: Some(self),
            provider: Arc::clone(&provider),
        };
        ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring speaks the versions that are built in")
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

    /// Reads `sha256:` and 64 hexadecimal digits, colons between them or not.
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

/// Something else than a pin.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("pin {0:?} is not sha256: and 64 hexadecimal digits")]
pub struct InvalidPin(String);

/// The server has another certificate than the one it is known by.
#[derive(Clone, Copy, Eq, PartialEq, thiserror::Error)]
#[error("its certificate has the pin {found}, and the configuration says {wanted}")]
pub struct WrongPin {
    found: Pin,
    wanted: Pin,
}

impl fmt::Debug for WrongPin {
    /// Says it in words: TLS shows the causes of its errors in no other way.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl WrongPin {
    /// Finds a wrong pin among the causes of a failed connection.
    pub fn among(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            let tls = error.downcast_ref::<rustls::Error>();
            if let Some(rustls::Error::InvalidCertificate(CertificateError::Other(other))) = tls {
                return other.0.downcast_ref().copied();
            }
            // An I/O error does not count what it wraps among its sources.
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
}

/// Checks a server's certificate against an authority, a pin, or both; accepts nothing without either.
#[derive(Debug)]
pub struct Verifier {
    /// The authorities that may have signed the certificate.
    pub authority: Option<Arc<WebPkiServerVerifier>>,
    /// The certificate that it must be.
    pub pin: Option<Pin>,
    /// Verifies the signatures of the handshake.
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
        if let Some(wanted) = self.pin {
            let found = Pin::of(certificate);
            if found != wanted {
                let wrong = OtherError(Arc::new(WrongPin { found, wanted }));
                return Err(CertificateError::Other(wrong).into());
            }
        }
        match &self.authority {
            Some(authority) => authority.verify_server_cert(certificate, chain, name, ocsp, now),
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
    fn a_pin_is_written_as_it_is_read() {
        let pin = Pin::of(b"a certificate");
        assert_eq!(pin.to_string().parse(), Ok(pin));
        let colons = format!("sha256:{}", ["AB"; 32].join(":"));
        assert!(colons.parse::<Pin>().is_ok());
        for text in ["", "sha256:", "sha256:ab", "sha1:00", &colons[7..]] {
            assert!(text.parse::<Pin>().is_err(), "{text}");
        }
    }
}
