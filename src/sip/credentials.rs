//! A user name with its password.

use secrecy::SecretString;

/// Answers digest challenges to requests that we send.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: SecretString,
}
