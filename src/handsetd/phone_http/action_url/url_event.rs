//! What an action URL reports.

use std::net::SocketAddr;

use handset_phones::phone::Vendor;

/// An event that a phone reported.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ActionUrlEvent {
    /// The vendor named in the URL.
    pub vendor: Vendor,
    /// The event in the common vocabulary: 1 to 64 letters, digits, `_` and `-`.
    pub event: String,
    /// The address that the request came from.
    pub peer: SocketAddr,
    /// Whether the URL has the key, and its parameters can be believed.
    pub has_key: bool,
    /// The parameters of the query in order, then those that were added under their common names.
    pub values: Vec<(String, String)>,
}
