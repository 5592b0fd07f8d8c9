//! Receiving what the bus asks for, and what other daemons show.

use std::sync::Arc;

use async_nats::Message;
use bytes::Bytes;
use tokio::sync::mpsc;
use tracing::debug;

use crate::bus::{BusRequest, Feed};
use crate::inbox::is_inbox;
use crate::reply::Reply;
use crate::service;
use crate::shared::Shared;

/// Starts to receive requests; `busy` is the answer to those that are too many.
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

/// Starts to receive what all daemons show.
pub(crate) fn feeds(shared: &Arc<Shared>) -> mpsc::Receiver<Feed> {
    let (sender, receiver) = mpsc::channel(FEED);
    let (context, closed) = (Arc::clone(shared), sender.clone());
    let handle = move |message: Message| {
        let Some(daemon) = context.subjects.daemon_of_feed(&message.subject) else {
            return;
        };
        let body = message.payload;
        // Whoever reads slowly misses some.
        let _ = sender.try_send(Feed { daemon, body });
    };
    let closed = async move { closed.closed().await };
    let subject = shared.subjects.feeds();
    service::start(shared, "cluster_feeds", subject, None, handle, closed);
    receiver
}

/// How many requests wait for this daemon to begin with them.
const WAITING: usize = 256;

/// How many events wait for a reader.
const FEED: usize = 4096;
