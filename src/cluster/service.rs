//! A subscription that is renewed on each connection.

use std::future::Future;
use std::sync::Arc;

use async_nats::Message;
use futures_util::StreamExt as _;
use tracing::debug;

use crate::reply::Reply;
use crate::shared::{RETRY, Shared};

/// Passes each message of a subject to `handle`, which must not wait, until `closed`.
pub(crate) fn start(
    shared: &Arc<Shared>,
    name: &'static str,
    subject: String,
    group: Option<String>,
    mut handle: impl FnMut(Message) + Send + 'static,
    closed: impl Future<Output = ()> + Send + 'static,
) {
    let task = {
        let shared = Arc::clone(shared);
        async move {
            let mut link = shared.link.subscribe();
            loop {
                let Ok(session) = link
                    .wait_for(Option::is_some)
                    .await
                    .map(|link| link.clone())
                else {
                    return;
                };
                let Some(session) = session else { continue };
                let subscribed = match &group {
                    Some(group) => {
                        session
                            .client
                            .queue_subscribe(subject.clone(), group.clone())
                            .await
                    }
                    None => session.client.subscribe(subject.clone()).await,
                };
                match subscribed {
                    Ok(mut messages) => loop {
                        tokio::select! {
                            message = messages.next() => match message {
                                Some(message) => handle(message),
                                None => break,
                            },
                            () = session.ended.cancelled() => break,
                        }
                    },
                    Err(error) => debug!(%error, %subject, "Could not subscribe."),
                }
                // The connection has been replaced in the meantime.
                tokio::time::sleep(RETRY).await;
            }
        }
    };
    let stop = shared.tasks.stop();
    shared.tasks.spawn(name, async move {
        tokio::select! {
            () = task => {}
            () = closed => {}
            () = stop.cancelled() => {}
        }
    });
}

/// Refuses a request without waiting for the connection.
pub(crate) fn refuse(shared: &Arc<Shared>, reply: Reply, reason: &'static str) {
    debug!(reason, "Refused a request.");
    if let Some(session) = shared.session() {
        reply.refuse_now(&session, reason);
    }
}
