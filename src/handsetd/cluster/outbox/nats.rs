//! Implements the stream and the daemons of the outbox over NATS.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use handset_cluster::{
    AppendError, Away as QueueAway, ChangeError, Cluster, DaemonName, Incoming, Position, Queue,
    QueueEvent, State,
};
use handset_net::tasks::Tasks;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::debug;

use super::file_rows::FileRows;
use super::message::{Holder, Key};
use super::shared::Timing;
use super::stream::{Away, Daemons, NotAppended, NotReplaced, Stream, StreamEvent};
use super::{ClusterOutbox, Started};
use crate::cluster::incoming::ENDED;
use crate::outbox::{Store, StoredEntry};
use crate::outcome::{Outcome, Status};

/// What the outbox needs to know about phones.
pub(crate) trait Reach: fmt::Debug + Send + Sync {
    /// Returns the daemons that reach the phone of a stored reference, including this one; the preferred
    /// holder comes first.
    fn reaching(&self, phone_ref: &str) -> Vec<String>;

    /// Returns whether this daemon may know that phone: a phone of a server that it is not configured for is
    /// another phone, even with the same name.
    fn may_know(&self, phone_ref: &str) -> bool;
}

impl ClusterOutbox {
    /// Starts the outbox of the cluster, with the local file `store` and its entries. Runs among `tasks`.
    pub(crate) fn start(
        cluster: &Cluster,
        reach: Arc<dyn Reach>,
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
            reach,
        };
        let (events, receiver) = mpsc::channel(MAX_EVENTS);
        let follow = follow(cluster.queue(), events, tasks.clone());
        tasks.spawn("outbox follower", follow);
        let file = store.map(|store| Arc::new(store) as Arc<dyn FileRows>);
        let services: (Arc<dyn Stream>, Arc<dyn Daemons>) = (Arc::new(stream), Arc::new(daemons));
        Self::begin(services, receiver, file, entries, Timing::default(), tasks)
    }

    /// Applies the reports of other daemons about deliveries, until the channel closes.
    pub(crate) async fn receive(self, mut endings: mpsc::Receiver<Incoming>) {
        while let Some(Incoming {
            from, body, reply, ..
        }) = endings.recv().await
        {
            let told = serde_json::from_slice::<Told>(&body);
            let told = told.map_err(|error| error.to_string());
            match told.and_then(|told| Ok((told.outcome()?, told.delivery))) {
                Ok((outcome, delivery)) => {
                    self.0.waiting.tell(&delivery, from.as_str(), outcome);
                    // The reply has no consequences.
                    let _ = reply.send(Bytes::new()).await;
                }
                Err(why) => reply.refuse(&why).await,
            }
        }
    }
}

/// The report of a daemon about a delivery.
#[derive(Debug, Deserialize, Serialize)]
struct Told {
    delivery: String,
    status: String,
    reason: String,
    phone: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vendor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
}

impl Told {
    fn new(delivery: &str, outcome: Outcome) -> Self {
        Self {
            delivery: delivery.to_owned(),
            status: outcome.status.to_string(),
            reason: outcome.reason,
            phone: outcome.phone,
            vendor: outcome.vendor.map(|vendor| vendor.to_string()),
            result: outcome.result,
        }
    }

    fn outcome(&self) -> Result<Outcome, String> {
        let status = Status::find(&self.status);
        let status = status.ok_or_else(|| format!("there is no status {:?}", self.status))?;
        let vendor = self.vendor.as_ref().and_then(|vendor| vendor.parse().ok());
        let outcome = Outcome::at(&self.phone, vendor, status, self.reason.clone());
        Ok(Outcome {
            result: self.result.clone(),
            ..outcome
        })
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
    ) -> BoxFuture<'a, Result<Position, NotAppended>> {
        async move {
            let appended = self.0.append(&key.phone, &key.delivery, value.into()).await;
            appended.map_err(|error| match error {
                AppendError::Full => NotAppended::Full,
                AppendError::Exists => NotAppended::Exists,
                AppendError::TooLong { .. } => NotAppended::Invalid(error.to_string()),
                AppendError::Away(QueueAway::NotDone(why)) => {
                    NotAppended::Away(Away(why.to_string()))
                }
                AppendError::Away(QueueAway::Unknown(why)) => {
                    NotAppended::Unknown(Away(why.to_string()))
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
    ) -> BoxFuture<'a, Result<Position, NotReplaced>> {
        async move {
            let (phone, delivery) = (&key.phone, &key.delivery);
            let replaced = self.0.replace(phone, delivery, position, value.into());
            replaced.await.map_err(NotReplaced::from)
        }
        .boxed()
    }

    fn remove<'a>(
        &'a self,
        key: &'a Key,
        position: Position,
    ) -> BoxFuture<'a, Result<(), NotReplaced>> {
        async move {
            let removed = self.0.remove(&key.phone, &key.delivery, position);
            removed.await.map_err(NotReplaced::from)
        }
        .boxed()
    }

    fn read<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<(Position, Bytes)>, Away>> {
        async move {
            let found = self.0.get(&key.phone, &key.delivery).await;
            let found = found.map_err(|away| Away(away.to_string()))?;
            Ok(found.map(|item| (item.position, item.value)))
        }
        .boxed()
    }
}

impl From<ChangeError> for NotReplaced {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Conflict => Self::Conflict,
            ChangeError::TooLong { .. } | ChangeError::Away(_) => {
                Self::Away(Away(error.to_string()))
            }
        }
    }
}

/// Forwards the events of the queue until the daemon stops.
async fn follow(queue: Queue, events: mpsc::Sender<StreamEvent>, tasks: Tasks) {
    let stop = tasks.stop();
    let mut follower = queue.follow();
    while let Some(Some(event)) = stop.run_until_cancelled(follower.next()).await {
        let event = match event {
            QueueEvent::Entry(item) => StreamEvent::Put {
                key: Key {
                    phone: item.key,
                    delivery: item.id,
                },
                position: item.position,
                value: item.value,
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
    reach: Arc<dyn Reach>,
}

impl Daemons for NatsDaemons {
    fn own(&self) -> &Holder {
        &self.own
    }

    fn away(&self) -> Option<String> {
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

    fn settle(&self, patience: Duration) -> BoxFuture<'_, ()> {
        async move {
            self.cluster.joined(Instant::now() + patience).await;
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
        self.reach.reaching(phone_ref)
    }

    fn may_know(&self, phone_ref: &str) -> bool {
        self.reach.may_know(phone_ref)
    }

    fn now(&self) -> SystemTime {
        self.cluster.now()
    }

    fn tell<'a>(
        &'a self,
        asker: &'a Holder,
        delivery: &'a str,
        outcome: Outcome,
    ) -> BoxFuture<'a, ()> {
        async move {
            let members = self.cluster.members();
            let Ok(name) = asker.daemon.parse::<DaemonName>() else {
                return;
            };
            // After a restart of that daemon, no requester waits there.
            let waits = members.borrow().has(&name, &asker.incarnation);
            if !waits {
                return;
            }
            // Texts, numbers and JSON always serialize.
            let body = serde_json::to_vec(&Told::new(delivery, outcome)).unwrap_or_default();
            let deadline = Instant::now() + TELL_PATIENCE;
            let told = self.cluster.request(&name, ENDED, body.into(), deadline);
            if let Err(why) = told.await {
                // It is in the history of this daemon.
                debug!(%why, delivery, "The daemon that was asked for a delivery does not take its outcome.");
            }
        }
        .boxed()
    }
}

/// Capacity of the channel of stream events.
const MAX_EVENTS: usize = 1024;

/// Time limit for the reply of a daemon to a report.
const TELL_PATIENCE: Duration = Duration::from_secs(5);
