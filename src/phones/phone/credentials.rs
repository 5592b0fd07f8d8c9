//! Credentials: a user name and a password that is never logged, and the schemes that may carry it.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::AuthPolicy;

/// Credentials that handsetd sends to a phone, or that a client must present.
///
/// Check those of a client with [`matches`](Self::matches), which runs in constant time.
#[derive(Clone)]
pub struct Credentials {
    /// The user name.
    pub username: String,
    password: SecretString,
    policy: AuthPolicy,
}

impl Credentials {
    /// Creates credentials that any scheme may carry.
    pub fn new(username: impl Into<String>, password: SecretString) -> Self {
        Self {
            username: username.into(),
            password,
            policy: AuthPolicy::Any,
        }
    }

    /// Returns the same credentials, restricted to the schemes of `policy`.
    #[must_use]
    pub fn with_policy(self, policy: AuthPolicy) -> Self {
        Self { policy, ..self }
    }

    /// Returns which schemes may carry the password.
    pub fn policy(&self) -> AuthPolicy {
        self.policy
    }

    /// Returns the password in clear text, for sending it.
    pub fn password(&self) -> &str {
        self.password.expose_secret()
    }

    /// Returns whether a client presented these credentials, in constant time.
    pub fn matches(&self, username: &str, password: &str) -> bool {
        // Hashes have one length, so that timing does not reveal the length of a secret either.
        let equal = |own: &str, sent: &str| Sha256::digest(own).ct_eq(&Sha256::digest(sent));
        (equal(&self.username, username) & equal(self.password(), password)).into()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .field("password", &"[REDACTED]")
            .field("policy", &self.policy)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        Credentials::new("push", "s3cret".into())
    }

    #[test]
    fn debug_output_omits_the_password() {
        assert!(!format!("{:?}", credentials()).contains("s3cret"));
    }

    #[test]
    fn user_name_and_password_must_match() {
        assert!(credentials().matches("push", "s3cret"));
        assert!(!credentials().matches("push", "s3cret "));
        assert!(!credentials().matches("Push", "s3cret"));
        assert!(!credentials().matches("", ""));
    }
}
