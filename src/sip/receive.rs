//! Hands each message that arrives to its transaction, its dialog, or the registrar, or answers it.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::debug;

use super::core::{Core, Inbound};
use super::flow::Flow;
use super::incoming::IncomingRequest;
use super::outgoing::allow;
use super::responder::Responder;
use super::servers::{Key, Known};
use super::wire::envelope::Envelope;
use super::wire::{Malformed, Message, Method, Name, Request, Response, Status};

/// Receives messages.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) core: Arc<Core>,
    incoming: mpsc::Sender<IncomingRequest>,
}

impl Receiver {
    pub(crate) fn new(core: Arc<Core>, incoming: mpsc::Sender<IncomingRequest>) -> Self {
        Self { core, incoming }
    }

    /// Handles a message of `size` bytes. Never waits.
    ///
    /// # Errors
    ///
    /// Fails if the message lacks what all messages have. Then it gets no answer.
    pub(crate) fn receive(
        &self,
        flow: &Flow,
        message: Message,
        size: usize,
    ) -> Result<(), Malformed> {
        let envelope = Envelope::read(message.headers())?;
        match message {
            Message::Response(response) => self.receive_response(flow, &envelope, response),
            Message::Request(request) if request.method != envelope.cseq.method => {
                return Err(Malformed::Lacks("CSeq"));
            }
            Message::Request(request) => {
                let key = Key::new(flow, &envelope, &request.method);
                self.receive_request(Inbound {
                    request,
                    envelope,
                    flow: flow.clone(),
                    key,
                    size,
                });
            }
        }
        self.core.counters.received.increment();
        Ok(())
    }

    fn receive_response(&self, flow: &Flow, envelope: &Envelope, response: Response) {
        let branch = envelope.via.branch();
        let transaction = (branch, &envelope.cseq.method);
        let Some(response) = self.core.clients.deliver(flow, transaction, response) else {
            return;
        };
        let is_final_to_invite =
            envelope.cseq.method == Method::Invite && !response.status.is_provisional();
        if !(is_final_to_invite && self.core.acks.repeat(branch, flow)) {
            self.core.counters.unmatched.increment();
        }
    }

    fn receive_request(&self, inbound: Inbound) {
        // An ACK is never answered. Ours to a 200 needs nothing either: the peer repeats its re-INVITE if
        // the 200 is lost.
        if inbound.request.method == Method::Ack {
            return;
        }
        if !inbound.flow.target().transport.is_reliable() {
            match self.core.servers.admit(&inbound.key, Instant::now()) {
                Known::New => {}
                Known::Pending => return,
                Known::Answered(response, port) => {
                    let _ = inbound.flow.send_to_port(response, port);
                    return;
                }
            }
        }
        match inbound.envelope.to.tag() {
            _ if inbound.request.method == Method::Cancel => self.receive_cancel(inbound),
            Some(tag) => match self.core.dialogs.get(tag) {
                Some(dialog) => dialog.receive(inbound),
                None if inbound.request.method == Method::Register => self.receive_other(inbound),
                None => {
                    self.core.counters.unmatched.increment();
                    self.answer(inbound, Response::new(Status::DIALOG_DOES_NOT_EXIST));
                }
            },
            None => self.receive_other(inbound),
        }
    }

    /// Answers a CANCEL. Its INVITE, of a dialog, was answered as soon as it arrived, so that there is
    /// nothing to cancel any more (RFC 3261, section 9.2).
    fn receive_cancel(&self, inbound: Inbound) {
        let invite = inbound.key.cancelled();
        let is_known = self.core.servers.contains(&invite, Instant::now());
        let status = if is_known {
            Status::OK
        } else {
            Status::DIALOG_DOES_NOT_EXIST
        };
        self.answer(inbound, Response::new(status));
    }

    /// Handles a request outside a dialog.
    fn receive_other(&self, inbound: Inbound) {
        let peer = inbound.flow.target().address.ip();
        if self.core.requests.admit(peer, Instant::now()).is_err() {
            self.core.counters.limited.increment();
            return self.drop_silently(&inbound);
        }
        let response = match &inbound.request.method {
            Method::Register => match unsupported(&inbound.request) {
                None => return self.hand_on(inbound),
                Some(response) => response,
            },
            Method::Options => Response::new(Status::OK).with(Name::ALLOW, allow()),
            // The user has chosen the wrong line to make a call.
            Method::Invite => Response::new(Status::FORBIDDEN),
            Method::Bye | Method::Info | Method::Update => {
                Response::new(Status::DIALOG_DOES_NOT_EXIST)
            }
            _ => Response::new(Status::METHOD_NOT_ALLOWED).with(Name::ALLOW, allow()),
        };
        debug!(
            peer = %inbound.flow.target(),
            method = %inbound.request.method,
            status = response.status.code(),
            "Answered a request outside a dialog.",
        );
        self.answer(inbound, response);
    }

    fn hand_on(&self, inbound: Inbound) {
        if let Ok(place) = self.incoming.try_reserve() {
            let responder = Responder::new(&self.core, inbound, false);
            place.send(IncomingRequest::new(responder));
        } else {
            self.core.counters.overflowed.increment();
            self.drop_silently(&inbound);
        }
    }

    /// Forgets a request, so that its next copy is handled.
    fn drop_silently(&self, inbound: &Inbound) {
        self.core.servers.forget(&inbound.key);
    }

    fn answer(&self, inbound: Inbound, response: Response) {
        let (responder, _) = Responder::new(&self.core, inbound, false);
        responder.send(response);
    }
}

/// Returns the refusal of a REGISTER that requires extensions: none of them is known.
fn unsupported(request: &Request) -> Option<Response> {
    let extensions = request.headers.get(&Name::REQUIRE)?;
    let extensions = super::wire::Value::lossy(extensions);
    Some(Response::new(Status::BAD_EXTENSION).with(Name::UNSUPPORTED, extensions))
}
