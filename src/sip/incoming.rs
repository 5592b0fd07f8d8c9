//! Requests outside a dialog that the user of this crate answers.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::flow::Flow;
use super::responder::Responder;
use super::wire::{Request, Response};

/// Receives the REGISTER requests of all peers.
#[derive(Debug)]
pub struct Incoming {
    requests: mpsc::Receiver<IncomingRequest>,
    stop: CancellationToken,
}

/// A REGISTER. Dropped without a response, it is answered 500.
#[derive(Debug)]
pub struct IncomingRequest {
    request: Request,
    responder: Responder,
}

/// Creates the queue of requests, which ends when `stop` is cancelled.
pub(crate) fn channel(stop: CancellationToken) -> (mpsc::Sender<IncomingRequest>, Incoming) {
    let (sender, requests) = mpsc::channel(MAX_WAITING);
    (sender, Incoming { requests, stop })
}

impl Incoming {
    /// Waits for a request; returns `None` after the user agent was shut down. Cancel safe.
    pub async fn recv(&mut self) -> Option<IncomingRequest> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            request = self.requests.recv() => request,
        }
    }
}

impl IncomingRequest {
    pub(crate) fn new((responder, request): (Responder, Request)) -> Self {
        Self { request, responder }
    }

    /// Returns the request.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Returns the way that it came.
    pub fn flow(&self) -> &Flow {
        self.responder.flow()
    }

    /// Sends the response. `Via`, `From`, `To`, `Call-ID` and `CSeq` are added.
    ///
    /// Only a success says that the sender has shown its credentials: over UDP, any other response is at most
    /// as long as the request, apart from 401, and is not sent otherwise.
    pub fn respond(self, response: Response) {
        if response.status.is_success() {
            self.responder.send_to_authenticated(response);
        } else {
            self.responder.send(response);
        }
    }
}

/// How many requests may wait. After a power cut, all phones register at once; what finds no room is
/// repeated by its phone.
const MAX_WAITING: usize = 4096;
