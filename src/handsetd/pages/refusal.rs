//! Why a request for a page is refused.

use std::net::IpAddr;

/// Why a request is refused. The message goes to the client.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The address is not that of a phone.
    #[error("no pages for {address}, {reason}")]
    NoPhone {
        /// Where the request came from.
        address: IpAddr,
        /// Why it is not from a phone, and what to write to change that.
        reason: String,
    },
    /// There is no such page.
    #[error("no [[page]] is called {name:?}")]
    NoSuchPage {
        /// The name, cut if it is long.
        name: String,
    },
    /// A form has expired, or never was.
    #[error("the form is no longer valid; open it again")]
    NoSuchForm,
    /// The format that the phone shows is unknown.
    #[error(
        "nothing tells the vendor of the phone at {address}: its request does not, and no phone is \
         known there; add a [[phone]] with address = \"{address}\""
    )]
    UnknownVendor {
        /// Where the request came from.
        address: IpAddr,
    },
    /// The address asks too often.
    #[error("too many requests; try again in a moment")]
    TooMany,
    /// A value is too long.
    #[error("a value is longer than {max} bytes")]
    TooLong {
        /// The limit.
        max: usize,
    },
}
