//! The handle of the cluster.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use bytes::Bytes;
use handset_net::tasks::Tasks;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::bus_request::BusRequest;
use crate::config::Config;
use crate::error::{RequestError, Unavailable};
use crate::files::Files;
use crate::identity::Identity;
use crate::incoming_request::IncomingRequest;
use crate::leases::Candidacy;
use crate::members::Members;
use crate::names::DaemonName;
use crate::presence::Presence;
use crate::queue::Queue;
use crate::request_counts::RequestTotals;
use crate::requests::{OutgoingRequest, PendingRequest};
use crate::shared::Shared;
use crate::state::State;
use crate::{bus_service, claims, events, leases, membership, peer_service, requests, tombstones};

/// The cluster, as this daemon sees it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Cluster {
    shared: Arc<Shared>,
    events: mpsc::Sender<events::QueuedEvent>,
}

impl Cluster {
    /// Starts joining in the background and returns at once. Rejoins after each failure until `tasks` stop;
    /// then it leaves and every operation fails. Stop these tasks after those that use the cluster.
    pub fn start(config: Config, identity: Identity, tasks: &Tasks) -> Self {
        let (shared, tombstones) = Shared::new(config, identity, tasks);
        let shared = Arc::new(shared);
        membership::start(&shared);
        tombstones::start(&shared, tombstones);
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

    /// Returns the identity of this daemon.
    pub fn identity(&self) -> &Identity {
        &self.shared.identity
    }

    /// Returns a receiver of the membership state of this daemon.
    pub fn state(&self) -> watch::Receiver<State> {
        self.shared.state.subscribe()
    }

    /// Waits until this daemon is a member, is refused, or `deadline` has passed; returns whether it is a
    /// member.
    pub async fn wait_until_joined(&self, deadline: Instant) -> bool {
        let mut state = self.shared.state.subscribe();
        let waiting =
            state.wait_for(|state| state.is_joined() || matches!(state, State::Refused { .. }));
        match tokio::time::timeout_at(deadline, waiting).await {
            Ok(Ok(state)) => state.is_joined(),
            _ => false,
        }
    }

    /// Returns the live daemons. While NATS is unavailable, those that were live before.
    pub fn members(&self) -> watch::Receiver<Arc<Members>> {
        self.shared.members.subscribe()
    }

    /// Returns the time by the clock of NATS.
    pub fn now(&self) -> SystemTime {
        self.shared.clock.now()
    }

    /// Sends a request to another daemon, or to this one, and waits for the reply.
    ///
    /// # Errors
    ///
    /// Returns an error that says whether the daemon may have acted on the request.
    pub async fn request(
        &self,
        daemon: &DaemonName,
        operation: &str,
        body: Bytes,
        deadline: Instant,
    ) -> Result<Bytes, RequestError> {
        let request = OutgoingRequest {
            daemon,
            operation,
            body,
            deadline,
        };
        requests::request(&self.shared, request).await
    }

    /// Sends a request like [`request`](Self::request), without waiting for the reply. Requests sent one
    /// after the other arrive in this order, unless the daemon has just joined and had not subscribed yet.
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
    ) -> Result<PendingRequest, RequestError> {
        let request = OutgoingRequest {
            daemon,
            operation,
            body,
            deadline,
        };
        requests::send(&self.shared, request).await
    }

    /// Serves operations: requests for them arrive on the returned channel in the order in which NATS
    /// delivers them; other operations are refused. Ends when the receiver is dropped. Call it only once.
    pub fn serve(&self, operations: &'static [&'static str]) -> mpsc::Receiver<IncomingRequest> {
        peer_service::start(&self.shared, operations)
    }

    /// Returns the entries that all daemons announce.
    pub fn presence(&self) -> Presence {
        Presence::new(Arc::clone(&self.shared.presence), self.members())
    }

    /// Contends for a lease, and holds it until the returned value is dropped.
    pub fn contend(&self, key: &str, value: Bytes) -> Candidacy {
        leases::contend(&self.shared, key, value)
    }

    /// Claims a task that must run once in the cluster; returns whether this daemon must run it. A claim
    /// expires after an hour.
    ///
    /// # Errors
    ///
    /// Returns an error if the cluster is unavailable.
    pub async fn claim(&self, key: &str) -> Result<bool, Unavailable> {
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

    /// Publishes an event on the bus, with an id by which receivers detect duplicates. Never blocks: an event
    /// is dropped, and counted, while this daemon is not a member or the queue is full.
    pub fn publish_event(&self, name: &str, id: &str, body: Bytes) {
        let subject = self.shared.subjects.event(name);
        events::publish(&self.shared, &self.events, subject, id, body);
    }

    /// Returns the number of dropped events.
    pub fn lost_events(&self) -> u64 {
        self.shared.lost_events.load(Ordering::Relaxed)
    }

    /// Returns the number of requests to other daemons, by result.
    pub fn request_totals(&self) -> RequestTotals {
        self.shared.requests.totals()
    }

    /// Serves the verbs of the bus, one daemon per request; requests in excess are answered with `busy`. Ends
    /// when the receiver is dropped.
    pub fn serve_bus(&self, busy: Bytes) -> mpsc::Receiver<BusRequest> {
        bus_service::start(&self.shared, busy)
    }
}
