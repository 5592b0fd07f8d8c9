//! Requests of programs other than daemons.

use bytes::Bytes;

use crate::responder::Responder;

/// A request from the bus. All of it is untrusted.
#[derive(Debug)]
pub struct BusRequest {
    /// The verb: the last token of the subject.
    pub verb: String,
    /// The body.
    pub body: Bytes,
    /// Sends the reply; `None` if the request has no reply subject, or none that is an inbox.
    pub responder: Option<Responder>,
}
