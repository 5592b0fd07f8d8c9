//! Establishing a dialog.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::end::End;
use super::shared::{Requests, Shared};
use crate::answering::{Answering, Carried};
use crate::core::Core;
use crate::credentials::Credentials;
use crate::error::{InviteError, NotSent, Unanswered};
use crate::exchange::exchange;
use crate::flow::Flow;
use crate::invite::{Event, InviteTransaction};
use crate::legs::Legs;
use crate::outgoing::{Parties, allow, contact, new_call_id, new_tag};
use crate::session::{MAX_SE, SESSION_EXPIRES, in_request};
use crate::timers::TRANSACTION;
use crate::wire::{
    Body, Method, Name, NameAddr, Request, Response, Status, Uri, Value, read_seconds,
};

/// An INVITE to send.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The way to the peer; requests in the dialog take it, too.
    pub flow: Flow,
    /// The Request-URI: a contact of the peer, unchanged.
    pub request_uri: Uri,
    /// The URI of `To`.
    pub to: Uri,
    /// The URI of `From`; `None` for our Contact.
    pub from: Option<Uri>,
    /// The body.
    pub body: Body,
    /// Answers challenges to this and to later requests of the dialog.
    pub credentials: Option<Credentials>,
}

/// A dialog that was just established.
#[derive(Debug)]
pub(super) struct New {
    pub(super) shared: Arc<Shared>,
    pub(super) requests: Requests,
    pub(super) response: Response,
}

/// Where the result goes.
pub(super) type Caller = oneshot::Sender<Result<New, InviteError>>;

/// An INVITE that may be repeated with a change.
#[derive(Debug)]
struct Draft {
    core: Arc<Core>,
    flow: Flow,
    legs: Legs,
    body: Body,
    answering: Answering,
    /// `Session-Expires`, in seconds.
    expires: u32,
    /// `Min-SE`, in seconds, once the peer has demanded one.
    min_se: Option<u32>,
    attempts: u32,
}

/// Establishes a dialog. Whatever happens to the caller, the INVITE is brought to its end: acknowledged,
/// cancelled, or followed by BYE.
pub(super) async fn establish(core: Arc<Core>, invite: Invite, until: Instant, mut caller: Caller) {
    let Some(mut draft) = Draft::new(&core, invite) else {
        let _ = caller.send(Err(NotSent::NoListener.into()));
        return;
    };
    if !core.dialogs.has_room(core.limits.dialogs) {
        let _ = caller.send(Err(NotSent::TooMany.into()));
        return;
    }
    loop {
        let (request, branch, carried) = draft.next();
        let started = InviteTransaction::start(&core, draft.flow.clone(), (request, branch));
        let mut transaction = match started {
            Ok(transaction) => transaction,
            Err(error) => {
                let _ = caller.send(Err(error.into()));
                return;
            }
        };
        match wait(&mut transaction, until, &mut caller).await {
            Ok(response) if response.status.is_success() => {
                return draft.accept(&transaction, response, caller);
            }
            Ok(response) => {
                transaction.acknowledge_refusal(&response);
                if !draft.learn(&response, &carried) {
                    let _ = caller.send(Err(InviteError::Refused(Box::new(response))));
                    return;
                }
            }
            Err(Stop::Report(error)) => {
                let _ = caller.send(Err(error));
                return draft.abandon(transaction).await;
            }
            Err(Stop::Gone) => return draft.abandon(transaction).await,
        }
    }
}

/// Why an INVITE is not waited for any longer.
#[derive(Debug)]
enum Stop {
    Report(InviteError),
    /// The caller has gone.
    Gone,
}

/// Waits for the final response.
async fn wait(
    transaction: &mut InviteTransaction<'_>,
    until: Instant,
    caller: &mut Caller,
) -> Result<Response, Stop> {
    let report = |error: InviteError| Err(Stop::Report(error));
    loop {
        let event = tokio::select! {
            biased;
            event = transaction.next() => event,
            () = caller.closed() => return Err(Stop::Gone),
            () = sleep_until(until) => return report(Unanswered::TimedOut.into()),
        };
        match event {
            Event::Provisional(response) if rings(response.status) => {
                return report(InviteError::Rings(Box::new(response)));
            }
            Event::Provisional(_) => {}
            Event::Final(response) => return Ok(response),
            Event::TimedOut => return report(Unanswered::TimedOut.into()),
            Event::Closed => return report(Unanswered::Closed.into()),
        }
    }
}

impl Draft {
    /// `None` if we have no address towards the peer.
    fn new(core: &Arc<Core>, invite: Invite) -> Option<Self> {
        let Invite {
            flow,
            request_uri,
            to,
            from,
            body,
            credentials,
        } = invite;
        let from = from.or_else(|| contact(&flow, &core.user))?;
        let parties = Parties {
            from: NameAddr::new(from).with_tag(&new_tag()),
            to: NameAddr::new(to),
            call_id: new_call_id(),
        };
        let legs = Legs::new(parties, request_uri, &core.user, core.user_agent.clone());
        Some(Self {
            core: Arc::clone(core),
            flow,
            legs,
            body,
            answering: Answering::new(credentials),
            expires: SESSION_EXPIRES,
            min_se: None,
            attempts: 0,
        })
    }

    /// Creates the next INVITE.
    fn next(&mut self) -> (Request, String, Carried) {
        let body = self.body.clone();
        let (mut request, branch) = self.legs.request(&self.flow, Method::Invite, Some(body));
        let headers = &mut request.headers;
        headers.push(Name::ALLOW, allow());
        headers.push(Name::ACCEPT, self.body.content_type.clone());
        headers.push(Name::SUPPORTED, Value::lossy("timer"));
        headers.push(Name::SESSION_EXPIRES, in_request(self.expires));
        if let Some(min_se) = self.min_se {
            headers.push(Name::MIN_SE, Value::lossy(&min_se.to_string()));
        }
        let carried = self.answering.authorize(&mut request);
        self.attempts += 1;
        (request, branch, carried)
    }

    /// Reads a refusal; returns whether to send the INVITE again.
    fn learn(&mut self, response: &Response, carried: &Carried) -> bool {
        if self.attempts >= MAX_INVITES {
            return false;
        }
        if response.status == Status::SESSION_INTERVAL_TOO_SMALL && self.min_se.is_none() {
            let demanded = response.headers.get(&Name::MIN_SE).and_then(read_seconds);
            self.min_se = demanded
                .map(|(seconds, _)| seconds)
                .filter(|&min| min <= MAX_SE);
            self.expires = self.min_se.unwrap_or_default().max(self.expires);
            return self.min_se.is_some();
        }
        self.answering.learn(response, carried, self.attempts)
    }

    /// Acknowledges a success response and hands the dialog to the caller.
    fn accept(self, transaction: &InviteTransaction<'_>, response: Response, caller: Caller) {
        let Some(legs) = self.legs.established(&response) else {
            // Without a tag there is no dialog that an ACK or BYE could name.
            let _ = caller.send(Err(InviteError::Refused(Box::new(response))));
            return;
        };
        transaction.acknowledge(&legs.ack(&self.flow, legs.number));
        match Shared::add(&self.core, (legs, self.flow), self.answering, &response) {
            Ok((shared, requests)) => {
                let new = New {
                    shared: Arc::clone(&shared),
                    requests,
                    response,
                };
                if caller.send(Ok(new)).is_err() {
                    shared.abandon(End::Local);
                }
            }
            Err(error) => {
                let _ = caller.send(Err(error.into()));
            }
        }
    }

    /// Cancels the INVITE; a dialog that was established all the same is ended.
    async fn abandon(self, mut transaction: InviteTransaction<'_>) {
        let Some(response) = transaction.cancel().await else {
            return;
        };
        if !response.status.is_success() {
            return transaction.acknowledge_refusal(&response);
        }
        if let Some(mut legs) = self.legs.established(&response) {
            transaction.acknowledge(&legs.ack(&self.flow, legs.number));
            let (bye, branch) = legs.request(&self.flow, Method::Bye, None);
            let until = Instant::now() + TRANSACTION;
            let _ = exchange(&self.core, &self.flow, (&bye, &branch), until).await;
        }
    }
}

/// Returns whether a response means that the peer takes the INVITE for a call.
fn rings(status: Status) -> bool {
    status == Status::RINGING || status == Status::SESSION_PROGRESS
}

/// How often an INVITE is sent at most: after a challenge, a stale nonce, and an interval that is too small.
const MAX_INVITES: u32 = 4;
