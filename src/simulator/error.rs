//! Why a simulated phone cannot start or cannot do what its user wants.

use std::net::SocketAddr;

use crate::Vendor;

/// Why a simulated phone cannot start or cannot do what its user wants.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be bound.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address from the options.
        address: SocketAddr,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The HTTP client cannot be built.
    #[error("cannot set up the phone's HTTP client")]
    Client(#[source] reqwest::Error),
    /// The URL is invalid.
    #[error("invalid URL `{0}`")]
    InvalidUrl(String),
    /// The MAC address is invalid.
    #[error("invalid MAC address `{0}`; expected twelve hexadecimal digits")]
    Mac(String),
    /// The model is not simulated.
    #[error("unknown {vendor} model `{model}`; simulated models are {known}")]
    Model {
        /// The vendor.
        vendor: Vendor,
        /// The model from the options.
        model: String,
        /// The known models, separated by spaces.
        known: String,
    },
    /// The screen has no item at this index.
    #[error("the screen has no item {0}")]
    NoSuchItem(usize),
    /// The screen has no such soft key.
    #[error("the screen has no soft key `{0}`")]
    NoSuchKey(String),
    /// The screen is not a form, or the form has no such field.
    #[error("the screen has no field `{0}`")]
    NoSuchField(String),
}
