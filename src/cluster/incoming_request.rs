//! Requests of other daemons.

use bytes::Bytes;
use tokio::time::Instant;

use crate::names::DaemonName;
use crate::responder::Responder;

/// A request of another daemon. All of it is untrusted: any client that may publish to the subject can have
/// sent it.
#[derive(Debug)]
pub struct IncomingRequest {
    /// The daemon that it claims to come from.
    pub from: DaemonName,
    /// The operation, one of those that are served.
    pub operation: &'static str,
    /// The body.
    pub body: Bytes,
    /// The deadline of the requester.
    pub deadline: Instant,
    /// Sends the reply.
    pub responder: Responder,
}
