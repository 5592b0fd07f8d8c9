//! Serves the other daemons, and programs on the bus.

use std::sync::Arc;

use handset_cluster::{Cluster, IncomingRequest};
use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::served::Served;
use crate::cluster::{self, Announcer, Bus, ClusterFiles, Election, PeerDeliveries, PeerRequests};
use crate::events::{FactTap, fact_tap};
use crate::fleet::AnswerQueries;

/// Serves the other daemons.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) cluster: Cluster,
    election: Election,
    /// The queries of pages, until they are answered.
    queries: Arc<Mutex<Option<mpsc::Receiver<IncomingRequest>>>>,
}

impl Service {
    /// Creates a service that does nothing until it is started.
    pub(super) fn new(cluster: Cluster, election: Election) -> Self {
        Self {
            cluster,
            election,
            queries: Arc::default(),
        }
    }

    /// Announces what this daemon has, and starts executing the requests of others. Returns the sink of
    /// events for the bus.
    pub(super) fn start(&self, served: Served) -> FactTap {
        let Served {
            dispatcher,
            resolver,
            history,
            outbox,
            tasks,
        } = served;
        let announcer = Announcer::new(&self.cluster, resolver, self.election.clone());
        tasks.spawn("announcements", announcer.run(tasks.stop()));
        let PeerRequests {
            deliveries: requests,
            cancellations,
            outcomes,
            queries,
        } = cluster::receive(&self.cluster, &tasks);
        *self.queries.lock() = Some(queries);
        if let Some(outbox) = outbox {
            let stop = tasks.stop();
            tasks.spawn("peer outcomes", async move {
                stop.run_until_cancelled(outbox.receive(outcomes)).await;
            });
        }
        let bus = Bus {
            cluster: self.cluster.clone(),
            dispatcher: dispatcher.clone(),
            tasks: tasks.clone(),
        };
        let (tap, facts) = fact_tap();
        let publish = bus.clone().publish(facts, history.changes(), tasks.stop());
        tasks.spawn("bus events", publish);
        tasks.spawn("bus", bus.serve());
        let deliveries = PeerDeliveries {
            dispatcher,
            files: ClusterFiles(self.cluster.files()),
            tasks: tasks.clone(),
        };
        tasks.spawn(
            "peer cancellations",
            deliveries.clone().cancel(cancellations),
        );
        tasks.spawn("peer deliveries", deliveries.run(requests));
        tap
    }

    /// Starts answering the queries of pages of other daemons.
    pub(super) fn answer(&self, answers: Arc<dyn AnswerQueries>, tasks: &Tasks) {
        if let Some(queries) = self.queries.lock().take() {
            tasks.spawn("queries", cluster::answer(queries, answers, tasks.clone()));
        }
    }
}
