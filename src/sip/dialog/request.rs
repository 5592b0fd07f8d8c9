//! Requests of the peer.

use crate::responder::Responder;
use crate::wire::{Name, Request, Response, Value};

/// A request of the peer. Dropped without a response, it is answered 500.
#[derive(Debug)]
pub struct InDialogRequest {
    request: Request,
    responder: Responder,
    /// What a success response must have, too.
    fields: Vec<(Name, Value)>,
}

impl InDialogRequest {
    pub(super) fn new(
        (responder, request): (Responder, Request),
        fields: Vec<(Name, Value)>,
    ) -> Self {
        Self {
            request,
            responder,
            fields,
        }
    }

    /// Returns the request.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Sends the response. What the dialog requires is added.
    pub fn respond(self, mut response: Response) {
        if response.status.is_success() {
            for (name, value) in self.fields {
                response.headers.push(name, value);
            }
        }
        self.responder.send(response);
    }
}
