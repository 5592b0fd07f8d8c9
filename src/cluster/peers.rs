//! Requests from daemon to daemon.

use bytes::Bytes;
use tokio::time::Instant;

use crate::names::DaemonName;
use crate::reply::Reply;

/// A request of another daemon. All of it is untrusted: whoever may publish the subject can have sent it.
#[derive(Debug)]
pub struct Incoming {
    /// Who says that it asks.
    pub from: DaemonName,
    /// What it asks for; one of those that are served.
    pub operation: &'static str,
    /// What else it says.
    pub body: Bytes,
    /// Until when it waits.
    pub deadline: Instant,
    /// Where the answer goes.
    pub reply: Reply,
}
