//! Publishes events: bounded, without blocking, counting dropped ones.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_nats::header::HeaderMap;
use bytes::Bytes;
use tokio::sync::mpsc;

use crate::headers::value;
use crate::shared::Shared;

/// An event that waits to be published.
#[derive(Debug)]
pub(crate) struct QueuedEvent {
    subject: String,
    headers: HeaderMap,
    body: Bytes,
}

/// Starts the publishing task; returns its queue.
pub(crate) fn start(shared: &Arc<Shared>) -> mpsc::Sender<QueuedEvent> {
    let (sender, mut events) = mpsc::channel::<QueuedEvent>(QUEUE_CAPACITY);
    let task = {
        let shared = Arc::clone(shared);
        let stop = shared.tasks.stop();
        async move {
            loop {
                let event = tokio::select! {
                    event = events.recv() => event,
                    () = stop.cancelled() => None,
                };
                let Some(event) = event else { return };
                let published = match shared.session() {
                    Some(session) => session
                        .publish(event.subject, Some(event.headers), event.body)
                        .await
                        .is_ok(),
                    None => false,
                };
                if !published {
                    shared.lost_events.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    };
    shared.tasks.spawn("cluster_events", task);
    sender
}

/// Queues an event; if the queue is full, drops and counts it.
pub(crate) fn publish(
    shared: &Shared,
    events: &mpsc::Sender<QueuedEvent>,
    subject: String,
    id: &str,
    body: Bytes,
) {
    let mut headers = HeaderMap::new();
    headers.insert(async_nats::header::NATS_MESSAGE_ID, value(id));
    let is_joined = shared.state.borrow().is_joined();
    let event = QueuedEvent {
        subject,
        headers,
        body,
    };
    if !is_joined || events.try_send(event).is_err() {
        shared.lost_events.fetch_add(1, Ordering::Relaxed);
    }
}

/// Capacity of the queue: one second of events at the largest site.
const QUEUE_CAPACITY: usize = 5000;
