//! What programs that are no daemons ask for.

use bytes::Bytes;

use crate::reply::Reply;

/// A request from the bus. All of it is untrusted.
#[derive(Debug)]
pub struct BusRequest {
    /// The last token of its subject.
    pub verb: String,
    /// What it says.
    pub body: Bytes,
    /// Where the answer goes, if one is wanted.
    pub reply: Option<Reply>,
}
