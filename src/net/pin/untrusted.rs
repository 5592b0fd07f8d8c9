//! Why a CA does not vouch for a certificate, and what to configure instead.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, OtherError};

use super::fingerprint::Pin;
use super::rejection::cause;

/// The configured CAs do not vouch for the certificate of a server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Untrusted {
    /// The pin with which the certificate would be accepted.
    pub pin: Pin,
    reason: Reason,
}

/// What is wrong with a certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Reason {
    /// It is a CA itself: what `openssl req -x509` makes, and `ast_tls_cert` does not.
    SelfSigned,
    /// None of the CAs issued it.
    UnknownIssuer,
    /// It is valid, for other names; the text of the TLS library names them.
    WrongName(String),
    /// Something else, in the words of the TLS library.
    Other(String),
}

impl Untrusted {
    /// Explains why `certificate` was rejected with `error`.
    pub(super) fn explain(certificate: &CertificateDer<'_>, error: rustls::Error) -> rustls::Error {
        let rustls::Error::InvalidCertificate(invalid) = error else {
            return error;
        };
        let reason = match &invalid {
            CertificateError::UnknownIssuer => Reason::UnknownIssuer,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Reason::WrongName(invalid.to_string())
            }
            CertificateError::Other(OtherError(other))
                if other.downcast_ref() == Some(&webpki::Error::CaUsedAsEndEntity) =>
            {
                Reason::SelfSigned
            }
            other => Reason::Other(other.to_string()),
        };
        let pin = Pin::of(certificate);
        CertificateError::Other(OtherError(Arc::new(Self { pin, reason }))).into()
    }

    /// Returns the untrusted certificate among the sources of an error, if there is one.
    pub fn among(error: &(dyn Error + 'static)) -> Option<Self> {
        cause(error)
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pin = self.pin;
        match &self.reason {
            Reason::SelfSigned => {
                f.write_str("its certificate is self-signed, so no ca_file can vouch for it; ")?;
            }
            Reason::UnknownIssuer => f.write_str(
                "its certificate is self-signed, or its CA is not in ca_file; add the CA, or ",
            )?,
            Reason::WrongName(text) => {
                return write!(f, "{text}; set server_name to a name in the certificate");
            }
            Reason::Other(text) => return write!(f, "its certificate is rejected: {text}"),
        }
        write!(
            f,
            "write pin = \"{pin}\" instead of ca_file, once \"openssl x509 -noout -fingerprint \
             -sha256\" shows the same on the server"
        )
    }
}

impl Error for Untrusted {}
