//! The way back to the sender of a request.

use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use super::core::{Core, Inbound};
use super::flow::Flow;
use super::outgoing::{allow_outside, new_short_tag};
use super::servers::Key;
use super::wire::envelope::Envelope;
use super::wire::{Name, Request, Response, Status, Value};

/// Sends one response. Dropped without it, the request is answered 500.
#[derive(Debug)]
pub(crate) struct Responder {
    core: Arc<Core>,
    flow: Flow,
    key: Option<Key>,
    /// The fields that a response copies from its request (RFC 3261, section 8.2.6.2).
    copied: Response,
    /// Where the response goes over UDP.
    port: u16,
    /// The length of the request, in bytes, if it may have been forged.
    size: Option<usize>,
}

impl Responder {
    /// Creates the responder to a request, and returns the request, too. `is_known` says that it belongs to a
    /// dialog, so that its sender is the peer.
    pub(crate) fn new(core: &Arc<Core>, inbound: Inbound, is_known: bool) -> (Self, Request) {
        let Inbound {
            request,
            envelope,
            flow,
            key,
            size,
        } = inbound;
        let is_reliable = flow.target().transport.is_reliable();
        let responder = Self {
            core: Arc::clone(core),
            copied: copy(&request, &envelope, &flow),
            port: port(&envelope, &flow),
            flow,
            key: Some(key),
            size: (!is_known && !is_reliable).then_some(size),
        };
        (responder, request)
    }

    /// Returns the way that the request came.
    pub(crate) fn flow(&self) -> &Flow {
        &self.flow
    }

    /// Sends the response. Unless the request belongs to a dialog, or came over a connection, its source may
    /// be forged, and the response is not sent if it is longer than the request.
    pub(crate) fn send(mut self, response: Response) {
        let limit = match response.status {
            Status::UNAUTHORIZED => self.size.map(|size| size.saturating_add(CHALLENGE)),
            _ => self.size,
        };
        self.send_once(response, limit);
    }

    /// Sends the response, of any length, to a sender that has shown its credentials.
    pub(crate) fn send_to_authenticated(mut self, response: Response) {
        self.send_once(response, None);
    }

    fn send_once(&mut self, response: Response, limit: Option<usize>) {
        let Some(key) = self.key.take() else { return };
        let mut message = Response {
            status: response.status,
            reason: response.reason,
            ..self.copied.clone()
        };
        for (name, value) in response.headers.iter() {
            message.headers.push(name.clone(), value.clone());
        }
        message.body = response.body;
        message
            .headers
            .push(Name::SERVER, self.core.user_agent.clone());
        let Some(bytes) = shorten(message, limit.unwrap_or(usize::MAX)) else {
            self.core.counters.withheld.increment();
            return;
        };
        if !self.flow.target().transport.is_reliable() {
            let servers = &self.core.servers;
            servers.answer(key, bytes.clone(), self.port, Instant::now());
        }
        // A peer that did not receive it repeats its request.
        let _ = self.flow.send_to_port(bytes, self.port);
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        if self.key.is_some() {
            let size = self.size;
            self.send_once(Response::new(Status::SERVER_INTERNAL_ERROR), size);
        }
    }
}

/// Returns a response of at most `limit` bytes, from which what matters least was taken; `None` if that is too
/// long as well.
fn shorten(mut response: Response, limit: usize) -> Option<Bytes> {
    let mut bytes = response.to_bytes();
    for shorten in SHORTENINGS {
        if bytes.len() <= limit {
            break;
        }
        shorten(&mut response);
        bytes = response.to_bytes();
    }
    (bytes.len() <= limit).then_some(bytes)
}

/// What may be left out of a response, least important first.
const SHORTENINGS: [fn(&mut Response); 5] = [
    |response| response.headers.remove(&Name::SERVER),
    // The code says it all; an empty reason phrase is valid (RFC 3261, section 25.1).
    |response| response.reason = Value::lossy(""),
    |response| response.headers.remove(&Name::SUPPORTED),
    |response| response.headers.remove(&Name::ACCEPT),
    |response| match response.status {
        // 405 is not a valid response without it (section 21.4.6), and is rather not sent.
        Status::METHOD_NOT_ALLOWED => response.headers.set(Name::ALLOW, allow_outside()),
        _ => response.headers.remove(&Name::ALLOW),
    },
];

/// Copies what a response has from its request: all hops, of which the topmost says where it came from; and
/// adds a tag to `To` where there is none.
fn copy(request: &Request, envelope: &Envelope, flow: &Flow) -> Response {
    let mut response = Response::new(Status::OK);
    for name in [Name::VIA, Name::FROM, Name::TO, Name::CALL_ID, Name::CSEQ] {
        for value in request.headers.all(name.clone()) {
            let value = match &envelope.to.tag() {
                None if name == Name::TO => {
                    Value::lossy(&format!("{value};tag={}", new_short_tag()))
                }
                _ => Value::lossy(value),
            };
            response.headers.push(name.clone(), value);
        }
    }
    let source = flow.target().address;
    let mut via = envelope.via.clone();
    let wants_port = via.param("rport").is_some();
    let ip = source.ip().to_string();
    if wants_port || via.host.trim_matches(['[', ']']) != ip {
        via.set_param("received", ip);
    }
    if wants_port {
        via.set_param("rport", source.port().to_string());
    }
    via.replace_topmost(&mut response.headers);
    response
}

/// Returns the port for the response: with `rport`, that of the sender (RFC 3581), otherwise the one it
/// says it listens on. The address is always that of the sender.
fn port(envelope: &Envelope, flow: &Flow) -> u16 {
    let via = &envelope.via;
    if via.param("rport").is_some() {
        return flow.target().address.port();
    }
    via.port.filter(|&port| port != 0).unwrap_or(DEFAULT_PORT)
}

/// The port of SIP without TLS.
const DEFAULT_PORT: u16 = 5060;

/// How much longer a challenge may be than the REGISTER that it answers, in bytes: `WWW-Authenticate`, a tag,
/// `received` and `rport`. Every other answer to a datagram outside a dialog, whose source may be forged, is at
/// most as long as the datagram.
const CHALLENGE: usize = 256;
