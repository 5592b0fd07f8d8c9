//! Receives requests from the bus.

use std::sync::Arc;

use async_nats::Message;
use bytes::Bytes;
use tokio::sync::mpsc;
use tracing::debug;

use crate::bus::BusRequest;
use crate::inbox::is_inbox;
use crate::reply::Reply;
use crate::service;
use crate::shared::Shared;

/// Starts to receive requests; those in excess are answered with `busy`.
pub(crate) fn start(shared: &Arc<Shared>, busy: Bytes) -> mpsc::Receiver<BusRequest> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let (context, closed) = (Arc::clone(shared), sender.clone());
    let handle = move |message: Message| {
        let Some(request) = read(&context, message) else {
            return;
        };
        let Err(error) = sender.try_send(request) else {
            return;
        };
        let session = context.session();
        if let (Some(reply), Some(session)) = (error.into_inner().reply, session) {
            reply.send_now(&session, busy.clone());
        }
    };
    let closed = async move { closed.closed().await };
    let (subject, group) = (shared.subjects.verbs(), Some(shared.subjects.group()));
    service::start(shared, "cluster_bus", subject, group, handle, closed);
    receiver
}

fn read(shared: &Arc<Shared>, message: Message) -> Option<BusRequest> {
    let verb = shared.subjects.verb_of(&message.subject)?;
    let reply = match message.reply {
        None => None,
        Some(subject) if is_inbox(&subject) => {
            Some(Reply::new(Arc::clone(shared), subject.to_string()))
        }
        Some(subject) => {
            debug!(%subject, "Dropped a request of the bus whose answer would go to no inbox.");
            return None;
        }
    };
    let body = message.payload;
    Some(BusRequest { verb, body, reply })
}

/// Capacity of the queue of requests that this daemon has not started yet.
const WAITING: usize = 256;
