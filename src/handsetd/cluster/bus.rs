//! The bus for programs other than daemons: they request verbs and receive events.

mod event_ids;

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use handset_cluster::{BusRequest, Cluster};
use handset_net::tasks::Tasks;
use serde_json::{Value, json};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, info_span};

use crate::admin::{answer_bus, delivery_event, fact_event};
use crate::dispatch::Dispatcher;
use crate::events::TappedFacts;
use crate::history::Change;
use crate::outcome::Status;
use event_ids::EventIds;

/// Serves programs on the bus.
#[derive(Clone, Debug)]
pub(crate) struct Bus {
    pub(crate) cluster: Cluster,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) tasks: Tasks,
}

impl Bus {
    /// Executes requests until the daemon stops.
    pub(crate) async fn serve(self) {
        let busy = error_reply(Status::Unreachable, "too many requests wait");
        let mut requests = self.cluster.serve_bus(busy);
        let permits = Arc::new(Semaphore::new(MAX_CONCURRENT));
        let stop = self.tasks.stop();
        loop {
            // Acquire the permit first, so that requests in excess are refused.
            let next = async {
                let permit = Arc::clone(&permits).acquire_owned().await.ok();
                (permit, requests.recv().await)
            };
            let (permit, request) = tokio::select! {
                () = stop.cancelled() => return,
                next = next => next,
            };
            let Some(request) = request else { return };
            self.spawn(request, permit);
        }
    }

    fn spawn(&self, request: BusRequest, permit: Option<OwnedSemaphorePermit>) {
        let BusRequest {
            verb,
            body,
            responder,
        } = request;
        let dispatcher = self.dispatcher.clone();
        let span = info_span!("bus", verb);
        let execute = async move {
            let reply = answer_bus(&dispatcher, &verb, &body).await;
            drop(permit);
            if let Some(responder) = responder
                && let Err(error) = responder.send(bounded(reply)).await
            {
                debug!(%error, "Cannot send the result of a request to a program on the bus.");
            }
        };
        self.tasks.spawn("bus request", execute.instrument(span));
    }

    /// Publishes events and deliveries until `stop`.
    pub(crate) async fn publish(
        self,
        mut facts: TappedFacts,
        mut deliveries: broadcast::Receiver<Change>,
        stop: CancellationToken,
    ) {
        let mut ids = EventIds::new(self.cluster.identity().incarnation());
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                batch = facts.take() => {
                    let Some((_, facts)) = batch else { return };
                    for fact in facts.iter().flat_map(|facts| facts.iter()) {
                        let id = ids.of(fact, self.cluster.now());
                        let event = fact_event(fact, SystemTime::now());
                        self.publish_one(fact.name(), &id, event);
                    }
                }
                change = deliveries.recv() => match change {
                    Ok(change) => {
                        let (name, event) = delivery_event(&change, SystemTime::now());
                        let id = ids.own();
                        self.publish_one(name, &id, event);
                    }
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                },
            }
        }
    }

    fn publish_one(&self, name: &str, id: &str, mut event: Value) {
        event["daemon"] = self.cluster.name().as_str().into();
        event["schema"] = SCHEMA.into();
        let body = event.to_string();
        if body.len() <= MAX_MESSAGE {
            self.cluster.publish_event(name, id, body.into());
        }
    }
}

/// Serializes a reply; if it is too long for a message, the result is omitted, and the reason says so.
fn bounded(mut answer: Value) -> Bytes {
    let body = answer.to_string();
    if body.len() <= MAX_MESSAGE {
        return body.into();
    }
    answer["result"] = Value::Null;
    let note = "the result is too long for the bus; ask the API for it";
    let reason = answer["reason"].as_str().unwrap_or_default();
    answer["reason"] = match reason {
        "" => note.into(),
        reason => {
            let reason: String = reason.chars().take(MAX_REASON).collect();
            format!("{reason}; {note}").into()
        }
    };
    answer.to_string().into()
}

fn error_reply(status: Status, reason: &str) -> Bytes {
    let body = json!({
        "status": status.word(), "reason": reason, "phone": "", "vendor": "", "id": "", "result": null,
    });
    body.to_string().into()
}

/// Version of the JSON of events: increases when a member is removed or changes its meaning.
const SCHEMA: u32 = 1;

/// Maximum number of bus requests executed concurrently. As many are queued; more are refused.
const MAX_CONCURRENT: usize = 256;

/// Maximum size of a message, in bytes: less than the 1 MiB of NATS, which includes the headers.
const MAX_MESSAGE: usize = 960 * 1024;

/// How much of the reason is kept if the whole reply is too long, in characters.
const MAX_REASON: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_of_a_long_reply_is_omitted_with_the_reason() {
        let short = json!({"status": "OK", "reason": "", "result": {"png": "aa"}});
        assert_eq!(bounded(short.clone()), short.to_string());
        let long = "x".repeat(MAX_MESSAGE);
        let answer = json!({"status": "OK", "reason": "shown", "result": {"png": long}});
        let body: Value = serde_json::from_slice(&bounded(answer)).unwrap();
        assert_eq!(body["status"], "OK");
        assert_eq!(body["result"], Value::Null);
        let reason = body["reason"].as_str().unwrap();
        assert!(
            reason.starts_with("shown; the result is too long"),
            "{reason}"
        );
    }
}
