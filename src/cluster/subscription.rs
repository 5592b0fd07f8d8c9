//! A subscription that is renewed on each connection.

use std::future::Future;
use std::sync::Arc;

use async_nats::Message;
use futures_util::StreamExt as _;
use tracing::debug;

use crate::session::Session;
use crate::shared::{RETRY_DELAY, Shared};

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
            let mut current = shared.session.subscribe();
            loop {
                let Ok(session) = current.wait_for(Option::is_some).await.map(|it| it.clone())
                else {
                    return;
                };
                let Some(session) = session else { continue };
                receive(&session, &subject, group.as_deref(), &mut handle).await;
                // The connection has been replaced in the meantime.
                tokio::time::sleep(RETRY_DELAY).await;
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

/// Passes on the messages that arrive over one connection.
async fn receive(
    session: &Session,
    subject: &str,
    group: Option<&str>,
    handle: &mut impl FnMut(Message),
) {
    let (client, subject) = (&session.client, subject.to_owned());
    let subscribed = match group {
        Some(group) => client.queue_subscribe(subject, group.to_owned()).await,
        None => client.subscribe(subject).await,
    };
    let mut messages = match subscribed {
        Ok(messages) => messages,
        Err(error) => return debug!(%error, "Could not subscribe."),
    };
    loop {
        tokio::select! {
            message = messages.next() => match message {
                Some(message) => handle(message),
                None => return,
            },
            () = session.ended.cancelled() => return,
        }
    }
}
