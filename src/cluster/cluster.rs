//! The handle of the cluster.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use bytes::Bytes;
use handset_net::tasks::Tasks;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::asking::Asked;
use crate::bus::BusRequest;
use crate::config::Config;
use crate::error::{Away, RequestError};
use crate::files::Files;
use crate::identity::Identity;
use crate::leases::Candidacy;
use crate::members::Members;
use crate::names::DaemonName;
use crate::peers::Incoming;
use crate::presence::Presence;
use crate::queue::Queue;
use crate::request_counts::RequestTotals;
use crate::shared::Shared;
use crate::state::State;
use crate::{asking, bus_service, claims, election, events, joining, peer_service, sweeping};

/// The cluster, as this daemon sees it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Cluster {
    shared: Arc<Shared>,
    events: mpsc::Sender<events::Outgoing>,
}

impl Cluster {
    /// Begins to join and returns at once. It goes on joining, and joins again, until `tasks` stop: then it
    /// leaves, and nothing works any longer. So these tasks should be stopped after those of its users.
    pub fn start(config: Config, identity: Identity, tasks: &Tasks) -> Self {
        let (shared, removals) = Shared::new(config, identity, tasks);
        let shared = Arc::new(shared);
        joining::start(&shared);
        sweeping::start(&shared, removals);
        let events = events::start(&shared);
        Self { shared, events }
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Returns the name of this daemon.
    pub fn name(&self) -> &DaemonName {
        &self.shared.config.name
    }

    /// Returns who this daemon is.
    pub fn identity(&self) -> &Identity {
        &self.shared.identity
    }

    /// Returns whether this daemon is a member, and the changes of that.
    pub fn state(&self) -> watch::Receiver<State> {
        self.shared.state.subscribe()
    }

    /// Waits until this daemon is a member, or until `deadline` or a refusal; returns whether it is one.
    pub async fn joined(&self, deadline: Instant) -> bool {
        let mut state = self.shared.state.subscribe();
        let waiting =
            state.wait_for(|state| state.is_joined() || matches!(state, State::Refused { .. }));
        match tokio::time::timeout_at(deadline, waiting).await {
            Ok(Ok(state)) => state.is_joined(),
            _ => false,
        }
    }

    /// Returns the daemons that live. While NATS is away, those that lived when it went.
    pub fn members(&self) -> watch::Receiver<Arc<Members>> {
        self.shared.members.subscribe()
    }

    /// Returns the time by the clock of NATS.
    pub fn now(&self) -> SystemTime {
        self.shared.clock.now()
    }

    /// Asks another daemon, or this one, for an operation.
    ///
    /// # Errors
    ///
    /// Returns an error that says whether the daemon may have acted on it.
    pub async fn request(
        &self,
        daemon: &DaemonName,
        operation: &str,
        body: Bytes,
        deadline: Instant,
    ) -> Result<Bytes, RequestError> {
        asking::request(&self.shared, daemon, operation, body, deadline).await
    }

    /// Sends what [`request`](Self::request) asks for. Questions that are sent one after the other arrive in this
    /// order.
    ///
    /// # Errors
    ///
    /// Returns an error if nothing was sent.
    pub async fn send(
        &self,
        daemon: &DaemonName,
        operation: &str,
        body: Bytes,
        deadline: Instant,
    ) -> Result<Asked, RequestError> {
        asking::send(&self.shared, daemon, operation, body, deadline).await
    }

    /// Serves operations: requests for them arrive on the returned channel in the order in which NATS
    /// delivers them; others are refused. It ends when the receiver is dropped. To be called once.
    pub fn serve(&self, operations: &'static [&'static str]) -> mpsc::Receiver<Incoming> {
        peer_service::start(&self.shared, operations)
    }

    /// Returns what all daemons announce.
    pub fn presence(&self) -> Presence {
        Presence::new(Arc::clone(&self.shared.announced), self.members())
    }

    /// Begins to try to get a lease, and keeps it until the returned value is dropped.
    pub fn contend(&self, key: &str, value: Bytes) -> Candidacy {
        election::contend(&self.shared, key, value)
    }

    /// Claims what is to be done once in the cluster; returns whether this daemon is to do it. A claim is
    /// forgotten after an hour.
    ///
    /// # Errors
    ///
    /// Returns an error if the cluster is away.
    pub async fn claim(&self, key: &str) -> Result<bool, Away> {
        claims::claim(&self.shared, key).await
    }

    /// Returns the queue.
    pub fn queue(&self) -> Queue {
        Queue {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Returns the files.
    pub fn files(&self) -> Files {
        Files {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Publishes an event on the bus, with an id that lets receivers notice repetitions. It never waits: an
    /// event is lost, and counted, while this daemon is no member or there are too many.
    pub fn publish_event(&self, name: &str, id: &str, body: Bytes) {
        let subject = self.shared.subjects.event(name);
        events::publish(&self.shared, &self.events, subject, id, body);
    }

    /// Returns how many events were lost.
    pub fn lost_events(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Returns how many requests to other daemons ended how.
    pub fn request_totals(&self) -> RequestTotals {
        self.shared.requests.totals()
    }

    /// Serves the verbs of the bus, one daemon per request; `busy` is the answer to those that are too many.
    /// It ends when the receiver is dropped.
    pub fn serve_bus(&self, busy: Bytes) -> mpsc::Receiver<BusRequest> {
        bus_service::start(&self.shared, busy)
    }
}
