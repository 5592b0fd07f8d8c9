//! Receives the requests of other daemons.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Message;
use handset_net::expiring::ExpiringMap;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::debug;

use crate::clock::from_millis;
use crate::headers;
use crate::inbox::is_inbox;
use crate::incoming_request::IncomingRequest;
use crate::names::DaemonName;
use crate::responder::Responder;
use crate::shared::Shared;
use crate::subscription;

/// Starts to receive requests for these operations.
pub(crate) fn start(
    shared: &Arc<Shared>,
    operations: &'static [&'static str],
) -> mpsc::Receiver<IncomingRequest> {
    let (sender, receiver) = mpsc::channel(QUEUE_CAPACITY);
    let subject = shared.subjects.peer_requests(&shared.config.name);
    let mut received = ExpiringMap::new(MAX_REMEMBERED);
    let closed = sender.clone();
    let context = Arc::clone(shared);
    let handle = move |message: Message| {
        let Some(request) = parse(&context, operations, &mut received, message) else {
            return;
        };
        if let Err(error) = sender.try_send(request) {
            let responder = error.into_inner().responder;
            responder.refuse_now("it has too many requests to answer");
        }
    };
    let closed = async move { closed.closed().await };
    subscription::start(shared, "cluster_requests", subject, None, handle, closed);
    receiver
}

/// Parses a request, or refuses it.
fn parse(
    shared: &Arc<Shared>,
    operations: &'static [&'static str],
    received: &mut ExpiringMap<String, ()>,
    message: Message,
) -> Option<IncomingRequest> {
    let Some(reply) = message.reply.filter(|subject| is_inbox(subject)) else {
        debug!(subject = %message.subject, "Dropped a request: its reply subject is not an inbox.");
        return None;
    };
    let responder = Responder::new(Arc::clone(shared), reply.to_string());
    let headers = message.headers.as_ref();
    let from =
        headers::text(headers, headers::FROM).and_then(|name| name.parse::<DaemonName>().ok());
    let deadline = headers::text(headers, headers::DEADLINE).and_then(|text| text.parse().ok());
    let id = headers::text(headers, headers::ID);
    let (Some(from), Some(deadline), Some(id)) = (from, deadline, id) else {
        responder.refuse_now("the request has no valid sender, deadline and id");
        return None;
    };
    let requested = shared.subjects.operation_of(&message.subject);
    let known = operations
        .iter()
        .find(|operation| requested.as_deref() == Some(**operation));
    let Some(operation) = known else {
        responder.refuse_now("the daemon does not know this operation; it may be older");
        return None;
    };
    let remaining = from_millis(deadline)
        .duration_since(shared.clock.now())
        .unwrap_or_default()
        .min(MAX_TIMEOUT);
    if remaining.is_zero() {
        responder.refuse_now("it arrived too late");
        return None;
    }
    let (id, now) = (format!("{from} {id}"), Instant::now());
    if received.get(&id, now).is_some() {
        debug!(%from, "Dropped a duplicate request.");
        return None;
    }
    received.insert(id, (), remaining, now);
    Some(IncomingRequest {
        from,
        operation,
        body: message.payload,
        deadline: now + remaining,
        responder,
    })
}

/// Capacity of the queue of requests that this daemon has not started yet.
const QUEUE_CAPACITY: usize = 1024;

/// Maximum number of remembered requests; beyond it, those with the earliest deadline are forgotten.
const MAX_REMEMBERED: usize = 20_000;

/// Upper bound, longer than any requester waits for a reply.
const MAX_TIMEOUT: Duration = Duration::from_hours(1);
