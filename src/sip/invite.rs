//! Client transactions of INVITE (RFC 3261, section 17.1.1).

use std::sync::Arc;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::clients::Responses;
use super::core::Core;
use super::error::NotSent;
use super::exchange::exchange;
use super::flow::Flow;
use super::timers::{Repetition, TRANSACTION};
use super::wire::{Method, Name, Request, Response, Value};

/// An INVITE without a final response.
#[derive(Debug)]
pub(crate) struct InviteTransaction<'a> {
    core: &'a Arc<Core>,
    flow: Flow,
    request: Request,
    branch: String,
    bytes: Bytes,
    responses: Responses<'a>,
    repetition: Repetition,
    next: Instant,
    /// Timer B.
    end: Instant,
    is_proceeding: bool,
}

/// What happens to an INVITE.
#[derive(Debug)]
pub(crate) enum Event {
    Provisional(Response),
    Final(Response),
    /// The peer did not respond at all.
    TimedOut,
    /// The connection was closed.
    Closed,
}

impl<'a> InviteTransaction<'a> {
    /// Sends the INVITE.
    pub(crate) fn start(
        core: &'a Arc<Core>,
        flow: Flow,
        (request, branch): (Request, String),
    ) -> Result<Self, NotSent> {
        let responses = core.clients.start(&flow, &branch, Method::Invite)?;
        let bytes = request.to_bytes();
        flow.send(bytes.clone())?;
        let mut repetition = Repetition::of_invite();
        let now = Instant::now();
        Ok(Self {
            core,
            flow,
            request,
            branch,
            bytes,
            responses,
            next: now + repetition.next(),
            repetition,
            end: now + TRANSACTION,
            is_proceeding: false,
        })
    }

    /// Waits for the next event. Cancel safe.
    pub(crate) async fn next(&mut self) -> Event {
        loop {
            let repeats = !self.is_proceeding && !self.flow.target().transport.is_reliable();
            tokio::select! {
                biased;
                response = self.responses.next() => {
                    if response.status.is_provisional() {
                        self.is_proceeding = true;
                        return Event::Provisional(response);
                    }
                    return Event::Final(response);
                }
                () = self.flow.closed() => return Event::Closed,
                () = sleep_until(self.end), if !self.is_proceeding => return Event::TimedOut,
                () = sleep_until(self.next), if repeats => {
                    let _ = self.flow.send(self.bytes.clone());
                    self.next = Instant::now() + self.repetition.next();
                }
            }
        }
    }

    /// Cancels the INVITE, as soon as the peer has responded at all (section 9.1), and waits for its final
    /// response.
    pub(crate) async fn cancel(&mut self) -> Option<Response> {
        let end = Instant::now() + TRANSACTION;
        let mut is_cancelled = false;
        loop {
            if self.is_proceeding && !is_cancelled {
                is_cancelled = true;
                self.send_cancel();
            }
            match timeout_at(end, self.next()).await {
                Ok(Event::Final(response)) => return Some(response),
                Ok(Event::Provisional(_)) => {}
                Ok(Event::TimedOut | Event::Closed) | Err(_) => return None,
            }
        }
    }

    fn send_cancel(&self) {
        let mut cancel = self.derived(Method::Cancel);
        copy(&self.request, &mut cancel, &Name::TO);
        let (core, flow) = (Arc::clone(self.core), self.flow.clone());
        let branch = self.branch.clone();
        self.core.tasks.spawn("sip cancel", async move {
            let until = Instant::now() + TRANSACTION;
            // The final response to the INVITE says what came of it.
            let _ = exchange(&core, &flow, (&cancel, &branch), until).await;
        });
    }

    /// Acknowledges a refusal, as part of this transaction.
    pub(crate) fn acknowledge_refusal(&self, response: &Response) {
        let mut ack = self.derived(Method::Ack);
        if let Some(to) = response.headers.get(&Name::TO) {
            ack.headers.push(Name::TO, Value::lossy(to));
        }
        self.acknowledge(&ack);
    }

    /// Sends an ACK, and again for each repetition of the final response.
    pub(crate) fn acknowledge(&self, ack: &Request) {
        self.core
            .acks
            .send(&self.branch, &self.flow, ack.to_bytes());
    }

    /// Creates a request of the same transaction: the URI, the topmost hop and the number are those of the
    /// INVITE.
    fn derived(&self, method: Method) -> Request {
        let number = self.request.headers.get(&Name::CSEQ).unwrap_or_default();
        let number = number.split(' ').next().unwrap_or_default();
        let cseq = Value::lossy(&format!("{number} {method}"));
        let mut request = Request::new(method, self.request.uri.clone());
        for name in [
            Name::VIA,
            Name::MAX_FORWARDS,
            Name::ROUTE,
            Name::FROM,
            Name::CALL_ID,
        ] {
            copy(&self.request, &mut request, &name);
        }
        request.headers.push(Name::CSEQ, cseq);
        request
    }
}

fn copy(from: &Request, to: &mut Request, name: &Name) {
    for value in from.headers.all(name.clone()) {
        to.headers.push(name.clone(), Value::lossy(value));
    }
}
