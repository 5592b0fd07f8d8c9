//! Receives requests from the bus.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_nats::Message;
use bytes::Bytes;
use handset_net::excerpt::excerpt;
use tokio::sync::mpsc;
use tracing::{debug, warn};

use crate::bus_request::BusRequest;
use crate::inbox::is_inbox;
use crate::responder::Responder;
use crate::shared::Shared;
use crate::subscription;

/// Starts to receive requests; those in excess are answered with `busy`.
pub(crate) fn start(shared: &Arc<Shared>, busy: Bytes) -> mpsc::Receiver<BusRequest> {
    let (sender, receiver) = mpsc::channel(QUEUE_CAPACITY);
    let (context, closed) = (Arc::clone(shared), sender.clone());
    let is_reported = AtomicBool::new(false);
    let handle = move |message: Message| {
        let Some(request) = parse(&context, message, &is_reported) else {
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

/// Returns the request of a message. Its reply subject is only where the reply goes: a request for which that is not
/// an inbox is executed like one without it. `is_reported` is whether such a request was logged as a warning.
fn parse(shared: &Arc<Shared>, message: Message, is_reported: &AtomicBool) -> Option<BusRequest> {
    let verb = shared.subjects.verb_of(&message.subject)?;
    let responder = message.reply.and_then(|subject| {
        if is_inbox(&subject) {
            return Some(Responder::new(Arc::clone(shared), subject.to_string()));
        }
        let subject = excerpt(&subject, MAX_SUBJECT);
        if is_reported.swap(true, Ordering::Relaxed) {
            debug!(%subject, verb, "A request of the bus gets no reply: {NO_INBOX}.");
        } else {
            warn!(%subject, verb, "A request of the bus gets no reply: {NO_INBOX}. Logged once.");
        }
        None
    });
    let body = message.payload;
    Some(BusRequest {
        verb,
        body,
        responder,
    })
}

/// Why a request gets no reply.
const NO_INBOX: &str = "its reply subject is not an inbox";

/// How much of a reply subject is logged, in bytes.
const MAX_SUBJECT: usize = 256;

/// Capacity of the queue of requests that this daemon has not started yet.
const QUEUE_CAPACITY: usize = 256;
