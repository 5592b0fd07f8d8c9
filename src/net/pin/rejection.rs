//! Why a certificate was rejected, to be found among the sources of an error.

use std::error::Error;
use std::fmt;
use std::io;

use rustls::CertificateError;

use super::fingerprint::Pin;

/// The server has a certificate other than the pinned one.
#[derive(Clone, Copy, Eq, PartialEq, thiserror::Error)]
#[error("its certificate has the pin {found}, but {expected} is configured")]
pub struct WrongPin {
    pub(super) found: Pin,
    pub(super) expected: Pin,
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

/// Returns the error of type `T` with which a verifier rejected a certificate, if it is among the
/// sources of `error`.
pub(super) fn cause<T: Error + Clone + 'static>(error: &(dyn Error + 'static)) -> Option<T> {
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
