//! The state of a dialog, and what the peer's requests do to it.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::end::End;
use super::request::InDialogRequest;
use crate::answering::Answering;
use crate::core::{Core, Inbound, Recipient};
use crate::error::{NotSent, RequestError};
use crate::exchange::exchange;
use crate::flow::Flow;
use crate::legs::Legs;
use crate::outgoing::{allow, contact, in_brackets};
use crate::responder::Responder;
use crate::session::{MIN_SE, SessionTimer, is_too_small};
use crate::timers::TRANSACTION;
use crate::wire::{Body, Method, Name, Request, Response, Status, Value};

/// A dialog.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) core: Arc<Core>,
    /// Our tag, by which the dialog is found.
    tag: String,
    call_id: Value,
    remote_tag: String,
    pub(super) state: Mutex<State>,
    /// Held by the request in progress: the peer must receive them in the order of their numbers.
    pub(super) busy: tokio::sync::Mutex<()>,
    /// Cancelled when the dialog has ended.
    pub(super) over: CancellationToken,
    requests: mpsc::Sender<Box<InDialogRequest>>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) legs: Legs,
    pub(super) flow: Flow,
    /// The number of the peer's last request.
    remote_number: Option<u32>,
    pub(super) timer: SessionTimer,
    pub(super) answering: Answering,
    pub(super) allows_update: bool,
    /// Whether a refresh of ours is in progress.
    pub(super) is_refreshing: bool,
    pub(super) ended: Option<End>,
}

/// The queue of the peer's requests.
pub(super) type Requests = mpsc::Receiver<Box<InDialogRequest>>;

impl Shared {
    /// Adds a dialog to the table.
    pub(super) fn add(
        core: &Arc<Core>,
        (legs, flow): (Legs, Flow),
        answering: Answering,
        response: &Response,
    ) -> Result<(Arc<Self>, Requests), NotSent> {
        let (sender, requests) = mpsc::channel(MAX_WAITING);
        let tag = legs.parties.from.tag().unwrap_or_default().to_owned();
        let shared = Arc::new(Self {
            core: Arc::clone(core),
            tag: tag.clone(),
            call_id: legs.parties.call_id.clone(),
            remote_tag: legs.remote_tag().unwrap_or_default().to_owned(),
            state: Mutex::new(State {
                legs,
                flow,
                remote_number: None,
                timer: SessionTimer::granted(&response.headers, Instant::now()),
                answering,
                allows_update: allows(response, "UPDATE"),
                is_refreshing: false,
                ended: None,
            }),
            busy: tokio::sync::Mutex::default(),
            over: CancellationToken::new(),
            requests: sender,
        });
        let dialog: Weak<Self> = Arc::downgrade(&shared);
        core.dialogs.add(tag, dialog, core.limits.dialogs)?;
        Ok((shared, requests))
    }

    /// Ends the dialog; the first reason stays.
    pub(super) fn end(&self, end: End) {
        self.state.lock().ended.get_or_insert(end);
        self.core.dialogs.remove(&self.tag);
        self.over.cancel();
    }

    /// Ends the dialog, and notifies the peer without waiting for its response.
    pub(super) fn abandon(self: &Arc<Self>, end: End) {
        if self.state.lock().ended.is_some() {
            return;
        }
        self.end(end);
        let shared = Arc::clone(self);
        if Handle::try_current().is_ok() && !self.core.tasks.stop().is_cancelled() {
            self.core.tasks.spawn("sip bye", async move {
                let until = Instant::now() + TRANSACTION;
                // The peer notices at the latest when the session is not refreshed.
                let _ = shared.transact(Method::Bye, None, until).await;
            });
        }
    }

    /// Sends a request and answers a challenge to it.
    pub(super) async fn transact(
        &self,
        method: Method,
        body: Option<Body>,
        until: Instant,
    ) -> Result<Response, RequestError> {
        let mut attempts = 0;
        loop {
            let (flow, request, branch, carried) = {
                let mut state = self.state.lock();
                if state.ended.is_some() && method != Method::Bye {
                    return Err(NotSent::DialogEnded.into());
                }
                let flow = state.flow.clone();
                let (mut request, branch) = state.legs.request(&flow, method.clone(), body.clone());
                if method == Method::Update {
                    add_session(&mut request);
                }
                let carried = state.answering.authorize(&mut request);
                (flow, request, branch, carried)
            };
            attempts += 1;
            let response = exchange(&self.core, &flow, (&request, &branch), until).await?;
            if self
                .state
                .lock()
                .answering
                .learn(&response, &carried, attempts)
            {
                continue;
            }
            if means_no_dialog(response.status) {
                self.end(End::Unknown);
            }
            return Ok(response);
        }
    }

    /// Handles a request of the peer, whose identifiers are those of the dialog.
    fn handle(&self, inbound: Inbound) {
        let refusal = self.order(&inbound);
        let (responder, request) = Responder::new(&self.core, inbound, true);
        if let Some(refusal) = refusal {
            return responder.send(refusal);
        }
        match request.method {
            Method::Bye => {
                responder.send(Response::new(Status::OK));
                self.end(End::Bye);
            }
            Method::Options => {
                responder.send(Response::new(Status::OK).with(Name::ALLOW, allow()));
            }
            Method::Info => self.hand_on((responder, request), Vec::new()),
            Method::Invite | Method::Update => match self.refreshed(&request) {
                Ok(fields) => {
                    let is_empty = request.body.is_empty();
                    if is_empty {
                        let inbound = InDialogRequest::new((responder, request), fields);
                        inbound.respond(Response::new(Status::OK));
                    } else {
                        self.hand_on((responder, request), fields);
                    }
                }
                Err(refusal) => responder.send(refusal),
            },
            _ => {
                let response = Response::new(Status::METHOD_NOT_ALLOWED);
                responder.send(response.with(Name::ALLOW, allow()));
            }
        }
    }

    /// Checks that a request is newer than those before (RFC 3261, section 12.2.2), and follows the peer to the
    /// port that it comes from.
    fn order(&self, inbound: &Inbound) -> Option<Response> {
        let mut state = self.state.lock();
        let number = inbound.envelope.cseq.number;
        if state.ended.is_some() {
            return Some(Response::new(Status::DIALOG_DOES_NOT_EXIST));
        }
        if state.remote_number.is_some_and(|last| number <= last) {
            return Some(Response::new(Status::SERVER_INTERNAL_ERROR));
        }
        state.remote_number = Some(number);
        if state.flow != inbound.flow {
            state.flow = inbound.flow.clone();
        }
        None
    }

    /// Takes over a refresh by the peer; returns what its response must have.
    fn refreshed(&self, request: &Request) -> Result<Vec<(Name, Value)>, Response> {
        let mut state = self.state.lock();
        if state.is_refreshing {
            return Err(Response::new(Status::REQUEST_PENDING));
        }
        if is_too_small(&request.headers) {
            let min = Value::lossy(&MIN_SE.to_string());
            return Err(Response::new(Status::SESSION_INTERVAL_TOO_SMALL).with(Name::MIN_SE, min));
        }
        state.timer = SessionTimer::wanted(&request.headers, Instant::now());
        state.legs.retarget(request.headers.get(&Name::CONTACT));
        let mut fields = vec![
            (Name::ALLOW, allow()),
            (Name::SUPPORTED, Value::lossy("timer")),
        ];
        if let Some(contact) = contact(&state.flow, &self.core.user) {
            fields.push((Name::CONTACT, in_brackets(&contact)));
        }
        if let Some(expires) = state.timer.in_response() {
            if expires.ends_with("uac") {
                fields.push((Name::REQUIRE, Value::lossy("timer")));
            }
            fields.push((Name::SESSION_EXPIRES, expires));
        }
        Ok(fields)
    }

    fn hand_on(&self, request: (Responder, Request), fields: Vec<(Name, Value)>) {
        if let Ok(place) = self.requests.try_reserve() {
            place.send(Box::new(InDialogRequest::new(request, fields)));
        } else {
            self.core.counters.overflowed.increment();
            let response = Response::new(Status::SERVER_INTERNAL_ERROR);
            let response = response.with(Name::RETRY_AFTER, Value::lossy("1"));
            InDialogRequest::new(request, fields).respond(response);
        }
    }
}

impl Recipient for Shared {
    fn receive(self: Arc<Self>, inbound: Inbound) {
        let envelope = &inbound.envelope;
        let is_ours = envelope.call_id == *self.call_id
            && envelope.from.tag() == Some(&self.remote_tag)
            && self.state.lock().flow.is_from_same_host(&inbound.flow);
        if is_ours {
            self.handle(inbound);
        } else {
            self.core.counters.unmatched.increment();
            let (responder, _) = Responder::new(&self.core, inbound, false);
            responder.send(Response::new(Status::DIALOG_DOES_NOT_EXIST));
        }
    }
}

/// Adds what an UPDATE or INVITE of ours says about the session timer.
pub(super) fn add_session(request: &mut Request) {
    let expires = crate::session::in_request(crate::session::SESSION_EXPIRES);
    request.headers.push(Name::SUPPORTED, Value::lossy("timer"));
    request.headers.push(Name::SESSION_EXPIRES, expires);
}

/// Returns whether a response says that the peer has lost the dialog (RFC 5057, section 5.1).
pub(super) fn means_no_dialog(status: Status) -> bool {
    status == Status::DIALOG_DOES_NOT_EXIST || status == Status::REQUEST_TIMEOUT
}

fn allows(response: &Response, method: &str) -> bool {
    let mut methods = response
        .headers
        .all(Name::ALLOW)
        .flat_map(|field| field.split(','));
    methods.any(|other| other.trim() == method)
}

/// How many requests of the peer may wait. Events are answered at once, so that it takes a burst to fill
/// it; what finds no room is answered 500.
const MAX_WAITING: usize = 64;
