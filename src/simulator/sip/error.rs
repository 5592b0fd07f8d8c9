//! Why a registration or a call fails.

use std::net::SocketAddr;

/// Why a registration or a call fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The local address cannot be bound.
    #[error("cannot bind {address} for SIP")]
    Bind {
        /// The address from the options.
        address: SocketAddr,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The server asks for a password, which is missing or wrong.
    #[error("{method} was challenged; the password is missing or wrong")]
    Denied {
        /// The method of the request.
        method: String,
    },
    /// The server rejected the request.
    #[error("{method} was rejected with status {status}")]
    Refused {
        /// The method of the request.
        method: String,
        /// The status code of the response; 0 if it had none.
        status: u16,
    },
    /// No final response arrived in time, or the agent stopped.
    #[error("no final response to {method}")]
    Unanswered {
        /// The method of the request.
        method: String,
    },
}
