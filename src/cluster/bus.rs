//! Requests of programs other than daemons.

use bytes::Bytes;

use crate::reply::Reply;

/// A request from the bus. All of it is untrusted.
#[derive(Debug)]
pub struct BusRequest {
    /// The verb: the last token of the subject.
    pub verb: String,
    /// The body.
    pub body: Bytes,
    /// Where to send the reply, if the request has a reply subject.
    pub reply: Option<Reply>,
}
