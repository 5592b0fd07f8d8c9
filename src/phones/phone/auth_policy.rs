//! The schemes of HTTP authentication that may carry a password.

use serde::Deserialize;

/// The schemes of HTTP authentication with which a password may be sent to a phone.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum AuthPolicy {
    /// The one that the phone asks for. Basic sends the password in clear text.
    #[default]
    Any,
    /// Digest only, which proves the password without sending it.
    Digest,
}
