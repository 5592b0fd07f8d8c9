//! Requests to other daemons.

use std::sync::Arc;
use std::time::Duration;

use async_nats::StatusCode;
use async_nats::header::HeaderMap;
use bytes::Bytes;
use handset_net::random;
use tokio::time::Instant;

use crate::clock::to_millis;
use crate::error::{Reason, RequestError};
use crate::headers;
use crate::inbox::PendingReply;
use crate::names::DaemonName;
use crate::shared::{RETRY_DELAY, Shared};

/// A request to another daemon.
#[derive(Clone, Debug)]
pub(crate) struct OutgoingRequest<'a> {
    pub(crate) daemon: &'a DaemonName,
    pub(crate) operation: &'a str,
    pub(crate) body: Bytes,
    pub(crate) deadline: Instant,
}

/// A request that was sent.
#[derive(Debug)]
pub struct PendingRequest {
    shared: Arc<Shared>,
    daemon: DaemonName,
    operation: String,
    body: Bytes,
    incarnation: String,
    deadline: Instant,
    reply: PendingReply,
}

/// Sends a request to a daemon, and waits for the reply. Without a subscriber nothing was delivered, so the
/// request is repeated: a daemon that has just joined or changes its connection subscribes within moments.
pub(crate) async fn request(
    shared: &Arc<Shared>,
    request: OutgoingRequest<'_>,
) -> Result<Bytes, RequestError> {
    let reply = request_with_retries(shared, request).await;
    shared.requests.count(&reply);
    reply
}

async fn request_with_retries(
    shared: &Arc<Shared>,
    request: OutgoingRequest<'_>,
) -> Result<Bytes, RequestError> {
    for _ in 0..MAX_ATTEMPTS {
        let pending = try_send(shared, request.clone()).await?;
        if let Some(reply) = pending.receive().await {
            return reply;
        }
        if Instant::now() + RETRY_DELAY >= request.deadline {
            break;
        }
        tokio::time::sleep(RETRY_DELAY).await;
    }
    Err(no_subscriber(request.daemon))
}

/// Sends a request to a daemon; returns once it is in the send queue of the connection.
pub(crate) async fn send(
    shared: &Arc<Shared>,
    request: OutgoingRequest<'_>,
) -> Result<PendingRequest, RequestError> {
    let sent = try_send(shared, request).await;
    if sent.is_err() {
        shared.requests.count(&sent);
    }
    sent
}

async fn try_send(
    shared: &Arc<Shared>,
    request: OutgoingRequest<'_>,
) -> Result<PendingRequest, RequestError> {
    let OutgoingRequest {
        daemon,
        operation,
        body,
        deadline,
    } = request;
    let session = shared.session_by(deadline).await;
    let session = session.map_err(RequestError::NotSent)?;
    let incarnation = match shared.members.borrow().get(daemon) {
        Some(member) => member.incarnation.clone(),
        None => return Err(not_sent(format!("the daemon {daemon} is not there"))),
    };
    let remaining = deadline.saturating_duration_since(Instant::now());
    if remaining.is_zero() {
        return Err(not_sent("its deadline has passed"));
    }
    let reply = shared.inbox.register();
    let (subject, inbox) = (
        shared.subjects.peer_request(daemon, operation),
        reply.subject(),
    );
    let headers = request_headers(shared, remaining);
    let sent = session.publish_request(subject, inbox, headers, body.clone(), deadline);
    sent.await.map_err(not_sent)?;
    Ok(PendingRequest {
        shared: Arc::clone(shared),
        daemon: daemon.clone(),
        operation: operation.to_owned(),
        body,
        incarnation,
        deadline,
        reply,
    })
}

impl PendingRequest {
    /// Waits for the reply. A daemon that has just joined subscribes within moments, so the request is repeated until
    /// then.
    ///
    /// # Errors
    ///
    /// Returns an error that says whether the daemon may have acted on the request.
    pub async fn reply(self) -> Result<Bytes, RequestError> {
        let (shared, daemon) = (Arc::clone(&self.shared), self.daemon.clone());
        let (operation, body) = (self.operation.clone(), self.body.clone());
        let deadline = self.deadline;
        let reply = match self.receive().await {
            Some(reply) => reply,
            None if shared.has_just_joined(&daemon) => {
                tokio::time::sleep(RETRY_DELAY).await;
                let (daemon, operation) = (&daemon, operation.as_str());
                let again = OutgoingRequest {
                    daemon,
                    operation,
                    body,
                    deadline,
                };
                request_with_retries(&shared, again).await
            }
            None => Err(no_subscriber(&daemon)),
        };
        shared.requests.count(&reply);
        reply
    }

    /// Waits for the reply; `None` if the daemon has no subscriber.
    async fn receive(self) -> Option<Result<Bytes, RequestError>> {
        let Self {
            shared,
            daemon,
            incarnation,
            deadline,
            mut reply,
            ..
        } = self;
        let mut members = shared.members.subscribe();
        let has_left = async {
            let _ = members
                .wait_for(|members| !members.has(&daemon, &incarnation))
                .await;
        };
        let mut state = shared.state.subscribe();
        let is_alone = async {
            let _ = state.wait_for(|state| !state.is_joined()).await;
        };
        let reason = tokio::select! {
            // The reply first: it may have arrived at the same time as the loss of the daemon.
            biased;
            reply = reply.receive() => match reply {
                Some(reply) if reply.status == Some(StatusCode::NO_RESPONDERS) => return None,
                Some(reply) => return Some(match headers::refusal(reply.headers.as_ref()) {
                    Some(reason) => Err(RequestError::NotSent(reason)),
                    None => Ok(reply.payload),
                }),
                None => "this daemon is stopping".to_owned(),
            },
            () = has_left => format!("the daemon {daemon} went away before it answered"),
            () = is_alone => format!(
                "NATS went away before the daemon {daemon} answered: {}",
                shared.unavailable_reason(),
            ),
            () = tokio::time::sleep_until(deadline) => {
                format!("the daemon {daemon} did not answer in time")
            }
        };
        Some(Err(RequestError::Unanswered(Reason::new(reason))))
    }
}

fn no_subscriber(daemon: &DaemonName) -> RequestError {
    not_sent(format!("the daemon {daemon} receives no requests"))
}

fn not_sent(reason: impl std::fmt::Display) -> RequestError {
    RequestError::NotSent(Reason::new(reason))
}

/// The headers carry the sender, the deadline and the request id: NATS may deliver a request late.
fn request_headers(shared: &Shared, remaining: Duration) -> HeaderMap {
    let deadline = shared
        .clock
        .now()
        .checked_add(remaining)
        .map_or(u64::MAX, to_millis);
    let mut map = HeaderMap::new();
    map.insert(headers::FROM, shared.config.name.as_str());
    map.insert(headers::DEADLINE, deadline.to_string());
    map.insert(headers::ID, random::hex_token::<8>());
    map
}

/// Maximum number of attempts to send a request to a daemon without a subscriber.
const MAX_ATTEMPTS: usize = 5;
