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

/// What another daemon shows of its events.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Feed {
    /// Which daemon; as far as NATS's permissions go.
    pub daemon: crate::DaemonName,
    /// What it shows.
    pub body: Bytes,
}
