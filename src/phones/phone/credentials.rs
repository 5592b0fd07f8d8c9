//! A user name and a password, which never show.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What handsetd says to a phone that asks who it is.
///
/// Equality is for tests and tables; compare what a stranger sent with
/// [`matches`](Self::matches), which takes the same time whatever is wrong.
#[derive(Clone)]
pub struct Credentials {
    /// The user name.
    pub username: String,
    password: SecretString,
}

impl Credentials {
    /// Creates a pair.
    pub fn new(username: impl Into<String>, password: SecretString) -> Self {
        Self {
            username: username.into(),
            password,
        }
    }

    /// Returns the password, for the one place that puts it on the wire.
    pub fn password(&self) -> &str {
        self.password.expose_secret()
    }

    /// Returns whether this is the pair that a stranger sent, in constant time.
    pub fn matches(&self, username: &str, password: &str) -> bool {
        // Of one length, whatever was sent: not even that shall show.
        let is = |own: &str, sent: &str| Sha256::digest(own).ct_eq(&Sha256::digest(sent));
        (is(&self.username, username) & is(self.password(), password)).into()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .field("password", &"[REDACTED]")
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> Credentials {
        Credentials::new("push", "s3cret".into())
    }

    #[test]
    fn the_password_does_not_show() {
        assert!(!format!("{:?}", pair()).contains("s3cret"));
    }

    #[test]
    fn both_halves_must_match() {
        assert!(pair().matches("push", "s3cret"));
        assert!(!pair().matches("push", "s3cret "));
        assert!(!pair().matches("Push", "s3cret"));
        assert!(!pair().matches("", ""));
    }
}
