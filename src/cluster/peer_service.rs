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
use crate::names::DaemonName;
use crate::peers::Incoming;
use crate::reply::Reply;
use crate::service;
use crate::shared::Shared;

/// Starts to receive requests for these operations.
pub(crate) fn start(
    shared: &Arc<Shared>,
    operations: &'static [&'static str],
) -> mpsc::Receiver<Incoming> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let subject = shared.subjects.all_for(&shared.config.name);
    let mut seen = ExpiringMap::new(MAX_SEEN);
    let closed = sender.clone();
    let context = Arc::clone(shared);
    let handle = move |message: Message| {
        let Some(incoming) = read(&context, operations, &mut seen, message) else {
            return;
        };
        if let Err(error) = sender.try_send(incoming) {
            service::refuse(
                &context,
                error.into_inner().reply,
                "it has too many requests to answer",
            );
        }
    };
    let closed = async move { closed.closed().await };
    service::start(shared, "cluster_requests", subject, None, handle, closed);
    receiver
}

/// Parses a request, or refuses it.
fn read(
    shared: &Arc<Shared>,
    operations: &'static [&'static str],
    seen: &mut ExpiringMap<String, ()>,
    message: Message,
) -> Option<Incoming> {
    let Some(reply) = message.reply.filter(|subject| is_inbox(subject)) else {
        debug!(subject = %message.subject, "Dropped a request whose answer would go to no inbox.");
        return None;
    };
    let reply = Reply::new(Arc::clone(shared), reply.to_string());
    let headers = message.headers.as_ref();
    let from =
        headers::text(headers, headers::FROM).and_then(|name| name.parse::<DaemonName>().ok());
    let deadline = headers::text(headers, headers::DEADLINE).and_then(|text| text.parse().ok());
    let id = headers::text(headers, headers::ID);
    let (Some(from), Some(deadline), Some(id)) = (from, deadline, id) else {
        service::refuse(
            shared,
            reply,
            "the request does not say from whom it is, and until when",
        );
        return None;
    };
    let asked = shared.subjects.operation_of(&message.subject);
    let known = operations
        .iter()
        .find(|operation| asked.as_deref() == Some(**operation));
    let Some(operation) = known else {
        service::refuse(
            shared,
            reply,
            "the daemon does not know this operation; it may be older",
        );
        return None;
    };
    let remaining = from_millis(deadline)
        .duration_since(shared.clock.now())
        .unwrap_or_default()
        .min(MAX_WAIT);
    if remaining.is_zero() {
        service::refuse(shared, reply, "it arrived too late");
        return None;
    }
    let (id, now) = (format!("{from} {id}"), Instant::now());
    if seen.get(&id, now).is_some() {
        debug!(%from, "Dropped a request that has arrived before.");
        return None;
    }
    seen.insert(id, (), remaining, now);
    Some(Incoming {
        from,
        operation,
        body: message.payload,
        deadline: now + remaining,
        reply,
    })
}

/// Capacity of the queue of requests that this daemon has not started yet.
const WAITING: usize = 1024;

/// Maximum number of remembered requests; beyond it, those with the earliest deadline are forgotten.
const MAX_SEEN: usize = 20_000;

/// Upper bound, longer than any requester waits for a reply.
const MAX_WAIT: Duration = Duration::from_hours(1);
