//! Why a simulated phone can't start, or can't do what its user wants.

use std::net::SocketAddr;

use crate::Vendor;

/// Why a simulated phone can't start, or can't do what its user wants.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The HTTP client can't be built.
    #[error("cannot set up the phone's HTTP client")]
    Client(#[source] reqwest::Error),
    /// The hardware address isn't one.
    #[error("`{0}` is not a MAC address of twelve hexadecimal digits")]
    Mac(String),
    /// There is no simulation of this model.
    #[error("no simulated {vendor} phone is a `{model}`; there are {known}")]
    Model {
        /// The maker.
        vendor: Vendor,
        /// The model that was asked for.
        model: String,
        /// The models that there are.
        known: String,
    },
    /// The screen holds no such item.
    #[error("the screen has no item {0}")]
    NoSuchItem(usize),
    /// The screen has no such soft key.
    #[error("the screen has no soft key `{0}`")]
    NoSuchKey(String),
    /// The screen is no form, or its form has no such field.
    #[error("the screen has no field `{0}`")]
    NoSuchField(String),
}
