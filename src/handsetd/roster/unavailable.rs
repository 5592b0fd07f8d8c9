//! Why a phone has no registration.

use handset_phones::phone::Endpoint;

/// Why an endpoint has no registration to send to.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Unavailable {
    /// The server is not connected.
    #[error("Asterisk {server} is not connected: {reason}")]
    Disconnected {
        /// The name of the server in the configuration.
        server: String,
        /// The cause.
        reason: String,
    },
    /// The account lacks the right to ask, or there is nothing to ask.
    #[error("Asterisk {server} does not say: {reason}")]
    Forbidden {
        /// The name of the server in the configuration.
        server: String,
        /// What is missing, and what to do.
        reason: String,
    },
    /// The first reading is not over.
    #[error("Asterisk {server} is not ready: {reason}")]
    Loading {
        /// The name of the server in the configuration.
        server: String,
        /// What is awaited.
        reason: String,
    },
    /// The server rejects the login of the account.
    #[error("Asterisk {server} refuses the login: {reason}")]
    Refused {
        /// The name of the server in the configuration.
        server: String,
        /// Why, and what to change.
        reason: String,
    },
    /// The configuration names no server.
    #[error("no [[asterisk]] is configured, which NOTIFYs and via=pbx require")]
    NoServer,
    /// The endpoint has no contact.
    #[error("{endpoint} is not registered")]
    NotRegistered {
        /// The endpoint.
        endpoint: Endpoint,
    },
}

/// Why a phone has no registration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Absence {
    /// A server knows its endpoint.
    NotRegistered,
    /// No server knows it, or none was asked.
    Unknown,
    /// A server that may know it cannot be asked.
    Unavailable(Unavailable),
}
