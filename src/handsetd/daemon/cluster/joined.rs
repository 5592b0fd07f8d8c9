//! Joins over NATS.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use handset_cluster::{Cluster, Identity, Incoming, State};
use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tracing::warn;

use super::{OtherDaemons, Served};
use crate::cluster::{
    self, Announcer, Bus, ClusterFiles, ClusterOutbox, ClusterPeers, ClusterRoutes, ClusterView,
    Election, FleetWatch, KnownPhones, PeerDeliveries, PeerQuestions,
};
use crate::config::Config;
use crate::daemon::outbox_startup::StartedOutbox;
use crate::events::{FactTap, fact_tap};
use crate::fleet::{AnswerQuestions, Fleet};
use crate::outbox::{Store, StoredEntry};
use crate::resolver::PhoneResolver;

/// Begins to join the cluster of `config`, if there is one.
///
/// An error means that this daemon is refused. That takes some seconds, for which this waits; whatever takes
/// longer is left to the background.
pub(in crate::daemon) async fn join(config: &Config) -> anyhow::Result<OtherDaemons> {
    let Some(section) = config.cluster.clone() else {
        return Ok(OtherDaemons::default());
    };
    let folder = config.state.dir.clone();
    let identity = spawn_blocking(move || identity(&folder))
        .await
        .context("cannot read the state directory")?;
    let tasks = Tasks::new();
    let cluster = Cluster::start(section, identity, &tasks);
    let mut state = cluster.state();
    let decided = state.wait_for(|state| !matches!(state, State::Joining { .. }));
    if let Ok(Ok(state)) = timeout(DECISION_TIMEOUT, decided).await
        && let State::Refused { reason, .. } = &*state
    {
        bail!("cannot join the cluster: {reason}");
    }
    let election = Election::new(cluster.clone(), tasks.clone());
    let view = ClusterView {
        cluster: cluster.clone(),
        election: election.clone(),
    };
    let fleet = Fleet::default();
    let routes = ClusterRoutes::new(cluster.clone(), election.clone(), fleet.clone());
    let peers = ClusterPeers::new(cluster.clone(), fleet.clone(), &tasks);
    let watch = FleetWatch::new(cluster.clone(), fleet);
    tasks.spawn("fleet", watch.run(tasks.stop()));
    let service = Service {
        cluster: cluster.clone(),
        election: election.clone(),
        queries: Arc::default(),
    };
    Ok(OtherDaemons {
        leadership: Some(Arc::new(election)),
        claims: Some(Arc::new(cluster)),
        health: Some(Arc::new(view)),
        routes: Some(Arc::new(routes)),
        peers: Some(Arc::new(peers)),
        service: Some(service),
        tasks: Some(tasks),
    })
}

impl OtherDaemons {
    /// Stores deliveries in the outbox of the cluster, if there is one, and in the file.
    pub(in crate::daemon) fn start_outbox(
        &self,
        store: Result<Store, String>,
        entries: Vec<StoredEntry>,
        resolver: &PhoneResolver,
    ) -> StartedOutbox {
        let (Some(service), Some(routes), Some(tasks)) = (&self.service, &self.routes, &self.tasks)
        else {
            return StartedOutbox::in_file(store, entries);
        };
        let phones = KnownPhones {
            resolver: resolver.clone(),
            routes: Arc::clone(routes),
        };
        let phones = Arc::new(phones);
        let started = ClusterOutbox::start(&service.cluster, phones, store, entries, tasks);
        StartedOutbox {
            storage: Ok(Arc::new(started.outbox.clone())),
            entries: started.entries,
            changes: Some(started.changes),
            cluster: Some(started.outbox),
        }
    }
}

/// Asks the NATS servers of `config`, if there are any; returns what is wrong with them.
pub(crate) async fn examine(config: &Config) -> Vec<String> {
    let Some(section) = &config.cluster else {
        return Vec::new();
    };
    let reasons = handset_cluster::probe(section).await;
    reasons.iter().map(ToString::to_string).collect()
}

/// Serves the other daemons.
#[derive(Clone, Debug)]
pub(super) struct Service {
    cluster: Cluster,
    election: Election,
    /// The questions of pages, until they are answered.
    queries: Arc<Mutex<Option<mpsc::Receiver<Incoming>>>>,
}

impl Service {
    /// Announces what this daemon has, and begins to do what others ask for. Returns what takes the events for the
    /// bus.
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
        let PeerQuestions {
            deliveries: requests,
            cancellations,
            endings,
            queries,
        } = cluster::receive(&self.cluster, &tasks);
        *self.queries.lock() = Some(queries);
        if let Some(outbox) = outbox {
            let stop = tasks.stop();
            tasks.spawn("peer endings", async move {
                stop.run_until_cancelled(outbox.receive(endings)).await;
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
}

impl Service {
    /// Begins to answer what the pages of other daemons ask.
    pub(super) fn answer(&self, answers: Arc<dyn AnswerQuestions>, tasks: &Tasks) {
        if let Some(queries) = self.queries.lock().take() {
            tasks.spawn("queries", cluster::answer(queries, answers, tasks.clone()));
        }
    }
}

/// Returns who this daemon is. Blocks.
fn identity(folder: &Path) -> Identity {
    // If this fails, what follows reports it better.
    let _ = std::fs::create_dir_all(folder);
    Identity::load(folder).unwrap_or_else(|error| {
        warn!(
            directory = %folder.display(),
            %error,
            "Cannot use the state directory (state.dir): after a crash this daemon can join the cluster again \
             only some seconds later."
        );
        Identity::temporary()
    })
}

/// How long to wait for a refusal: that a daemon of the same name lives is seen when it renews its entry, every
/// three seconds.
const DECISION_TIMEOUT: Duration = Duration::from_secs(5);
