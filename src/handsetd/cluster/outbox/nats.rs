//! Implements the stream and the daemons of the outbox over NATS.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use handset_cluster::{
    self as nats, ChangeError, Cluster, DaemonName, IncomingRequest, Position, Queue, QueueEvent,
    State,
};
use handset_net::tasks::Tasks;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::debug;

use super::file_rows::FileRows;
use super::message::{Holder, Key};
use super::outcome_report::OutcomeReport;
use super::phone_daemons::PhoneDaemons;
use super::shared::Timing;
use super::stream::{AppendError, Daemons, ReplaceError, Stream, StreamEvent, Unavailable};
use super::{ClusterOutbox, Started};
use crate::cluster::peer_requests::OUTCOME;
use crate::outbox::{Store, StoredEntry};
use crate::outcome::Outcome;

impl ClusterOutbox {
    /// Starts the outbox of the cluster, with the local file `store` and its entries. Runs among `tasks`.
    pub(crate) fn start(
        cluster: &Cluster,
        phone_daemons: Arc<dyn PhoneDaemons>,
        store: Result<Store, String>,
        entries: Vec<StoredEntry>,
        tasks: &Tasks,
    ) -> Started {
        let stream = NatsStream(cluster.queue());
        let daemons = NatsDaemons {
            own: Holder {
                daemon: cluster.name().to_string(),
                incarnation: cluster.identity().incarnation().to_owned(),
            },
            cluster: cluster.clone(),
            phone_daemons,
        };
        let (events, receiver) = mpsc::channel(MAX_EVENTS);
        let forward = forward_events(cluster.queue(), events, tasks.clone());
        tasks.spawn("outbox events", forward);
        let file = store.map(|store| Arc::new(store) as Arc<dyn FileRows>);
        let services: (Arc<dyn Stream>, Arc<dyn Daemons>) = (Arc::new(stream), Arc::new(daemons));
        Self::begin(services, receiver, file, entries, Timing::default(), tasks)
    }

    /// Applies the reports of other daemons about deliveries, until the channel closes.
    pub(crate) async fn receive(self, mut outcomes: mpsc::Receiver<IncomingRequest>) {
        while let Some(IncomingRequest {
            from,
            body,
            responder,
            ..
        }) = outcomes.recv().await
        {
            let report = serde_json::from_slice::<OutcomeReport>(&body);
            let report = report.map_err(|error| error.to_string());
            match report.and_then(|report| Ok((report.outcome()?, report.delivery))) {
                Ok((outcome, delivery)) => {
                    let pending = &self.0.pending_outcomes;
                    pending.complete(&delivery, from.as_str(), outcome);
                    // If the reply is lost, nothing else is.
                    let _ = responder.send(Bytes::new()).await;
                }
                Err(why) => responder.refuse(&why).await,
            }
        }
    }
}

/// The queue of the cluster.
#[derive(Debug)]
struct NatsStream(Queue);

impl Stream for NatsStream {
    fn append<'a>(
        &'a self,
        key: &'a Key,
        value: Vec<u8>,
    ) -> BoxFuture<'a, Result<Position, AppendError>> {
        async move {
            let appended = self.0.append(&key.phone, &key.delivery, value.into()).await;
            appended.map_err(|error| match error {
                nats::AppendError::Full => AppendError::Full,
                nats::AppendError::Exists => AppendError::Exists,
                nats::AppendError::TooLong { .. } => AppendError::Invalid(error.to_string()),
                nats::AppendError::Unavailable(nats::Unavailable::NotApplied(why)) => {
                    AppendError::Unavailable(Unavailable(why.to_string()))
                }
                nats::AppendError::Unavailable(nats::Unavailable::Unknown(why)) => {
                    AppendError::Unknown(Unavailable(why.to_string()))
                }
            })
        }
        .boxed()
    }

    fn replace<'a>(
        &'a self,
        key: &'a Key,
        position: Position,
        value: Vec<u8>,
    ) -> BoxFuture<'a, Result<Position, ReplaceError>> {
        async move {
            let (phone, delivery) = (&key.phone, &key.delivery);
            let replaced = self.0.replace(phone, delivery, position, value.into());
            replaced.await.map_err(ReplaceError::from)
        }
        .boxed()
    }

    fn remove<'a>(
        &'a self,
        key: &'a Key,
        position: Position,
    ) -> BoxFuture<'a, Result<(), ReplaceError>> {
        async move {
            let removed = self.0.remove(&key.phone, &key.delivery, position);
            removed.await.map_err(ReplaceError::from)
        }
        .boxed()
    }

    fn read<'a>(
        &'a self,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Option<(Position, Bytes)>, Unavailable>> {
        async move {
            let found = self.0.get(&key.phone, &key.delivery).await;
            let found = found.map_err(|error| Unavailable(error.to_string()))?;
            Ok(found.map(|entry| (entry.position, entry.value)))
        }
        .boxed()
    }
}

impl From<ChangeError> for ReplaceError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Conflict => Self::Conflict,
            ChangeError::TooLong { .. } | ChangeError::Unavailable(_) => {
                Self::Unavailable(Unavailable(error.to_string()))
            }
        }
    }
}

/// Forwards the events of the queue until the daemon stops.
async fn forward_events(queue: Queue, events: mpsc::Sender<StreamEvent>, tasks: Tasks) {
    let stop = tasks.stop();
    let mut watcher = queue.watch();
    while let Some(Some(event)) = stop.run_until_cancelled(watcher.next()).await {
        let event = match event {
            QueueEvent::Entry(entry) => StreamEvent::Put {
                key: Key {
                    phone: entry.key,
                    delivery: entry.id,
                },
                position: entry.position,
                value: entry.value,
            },
            QueueEvent::Removed { key, id } => StreamEvent::Removed(Key {
                phone: key,
                delivery: id,
            }),
            QueueEvent::Current => StreamEvent::Current,
            QueueEvent::Interrupted => StreamEvent::Interrupted,
        };
        if events.send(event).await.is_err() {
            return;
        }
    }
}

/// The daemons of the cluster.
#[derive(Debug)]
struct NatsDaemons {
    own: Holder,
    cluster: Cluster,
    phone_daemons: Arc<dyn PhoneDaemons>,
}

impl Daemons for NatsDaemons {
    fn own(&self) -> &Holder {
        &self.own
    }

    fn unavailable_reason(&self) -> Option<String> {
        let state = self.cluster.state();
        let state = state.borrow();
        match &*state {
            State::Joined { .. } => None,
            other => Some(match other.reason() {
                Some(reason) => reason.to_string(),
                None => "it is being joined".to_owned(),
            }),
        }
    }

    fn settle(&self, timeout: Duration) -> BoxFuture<'_, ()> {
        async move {
            self.cluster
                .wait_until_joined(Instant::now() + timeout)
                .await;
        }
        .boxed()
    }

    fn live(&self) -> BTreeMap<String, String> {
        let members = self.cluster.members();
        let members = Arc::clone(&members.borrow());
        let members = members.iter();
        let mut live: BTreeMap<String, String> = members
            .map(|member| (member.name.to_string(), member.incarnation.clone()))
            .collect();
        let own = self.own.clone();
        live.insert(own.daemon, own.incarnation);
        live
    }

    fn reaching(&self, phone_ref: &str) -> Vec<String> {
        self.phone_daemons.reaching(phone_ref)
    }

    fn may_know(&self, phone_ref: &str) -> bool {
        self.phone_daemons.may_know(phone_ref)
    }

    fn now(&self) -> SystemTime {
        self.cluster.now()
    }

    fn report_outcome<'a>(
        &'a self,
        origin: &'a Holder,
        delivery: &'a str,
        outcome: Outcome,
    ) -> BoxFuture<'a, ()> {
        async move {
            let members = self.cluster.members();
            let Ok(name) = origin.daemon.parse::<DaemonName>() else {
                return;
            };
            // After a restart of that daemon, no requester waits there.
            let waits = members.borrow().has(&name, &origin.incarnation);
            if !waits {
                return;
            }
            // Texts, numbers and JSON always serialize.
            let body = serde_json::to_vec(&OutcomeReport::new(delivery, outcome)).unwrap_or_default();
            let deadline = Instant::now() + REPORT_TIMEOUT;
            let reported = self.cluster.request(&name, OUTCOME, body.into(), deadline);
            if let Err(why) = reported.await {
                // It is in the history of this daemon.
                debug!(%why, delivery, "Cannot report the outcome of a delivery to the requesting daemon.");
            }
        }
        .boxed()
    }
}

/// Capacity of the channel of stream events.
const MAX_EVENTS: usize = 1024;

/// Time limit for the reply of a daemon to the report of an outcome.
const REPORT_TIMEOUT: Duration = Duration::from_secs(5);
