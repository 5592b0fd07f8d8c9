//! Receives requests from the bus.

use std::sync::Arc;

use async_nats::Message;
use bytes::Bytes;
use tokio::sync::mpsc;
use tracing::debug;

use crate::bus_request::BusRequest;
use crate::inbox::is_inbox;
use crate::responder::Responder;
use crate::shared::Shared;
use crate::subscription;

/// Starts to receive requests; those in excess are answered with `busy`.
pub(crate) fn start(shared: &Arc<Shared>, busy: Bytes) -> mpsc::Receiver<BusRequest> {
    let (sender, receiver) = mpsc::channel(QUEUE_CAPACITY);
    let (context, closed) = (Arc::clone(shared), sender.clone());
    let handle = move |message: Message| {
        let Some(request) = parse(&context, message) else {
            return;
        };
        if let Err(error) = sender.try_send(request)
            && let Some(responder) = error.into_inner().responder
        {
            responder.send_now(busy.clone());
        }
    };
    let closed = async move { closed.closed().await };
    let (subject, group) = (shared.subjects.verbs(), Some(shared.subjects.queue_group()));
    subscription::start(shared, "cluster_bus", subject, group, handle, closed);
    receiver
}

fn parse(shared: &Arc<Shared>, message: Message) -> Option<BusRequest> {
    let verb = shared.subjects.verb_of(&message.subject)?;
    let responder = match message.reply {
        None => None,
        Some(subject) if is_inbox(&subject) => {
            Some(Responder::new(Arc::clone(shared), subject.to_string()))
        }
        Some(subject) => {
            debug!(%subject, "Dropped a request of the bus: its reply subject is not an inbox.");
            return None;
        }
    };
    let body = message.payload;
    Some(BusRequest {
        verb,
        body,
        responder,
    })
}

/// Capacity of the queue of requests that this daemon has not started yet.
const QUEUE_CAPACITY: usize = 256;
