//! Requests outside a dialog that the user of this crate answers.

use super::flow::Flow;
use super::wire::{Request, Response};

/// Receives the REGISTER requests of all peers.
#[derive(Debug)]
pub struct Incoming {}

/// A REGISTER. Dropped without a response, it is answered 500.
#[derive(Debug)]
pub struct IncomingRequest {
    request: Request,
    flow: Flow,
}

impl Incoming {
    /// Waits for a request; returns `None` after the user agent was shut down. Cancel safe.
    pub async fn recv(&mut self) -> Option<IncomingRequest> {
        std::future::pending().await
    }
}

impl IncomingRequest {
    /// Returns the request.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Returns the way that it came.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// Sends the response. `Via`, `From`, `To`, `Call-ID` and `CSeq` are added.
    pub fn respond(self, _response: Response) {}
}
