//! Joins the cluster over NATS.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use handset_cluster::{Cluster, Identity, State};
use handset_net::tasks::Tasks;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tracing::warn;

use super::other_daemons::OtherDaemons;
use super::served::Served;
use super::service::Service;
use crate::cluster::{
    ClusterOutbox, ClusterPeers, ClusterRoutes, ClusterView, Election, FleetWatch, KnownPhones,
};
use crate::config::Config;
use crate::daemon::outbox_startup::StartedOutbox;
use crate::events::FactTap;
use crate::fleet::{AnswerQueries, Fleet};
use crate::outbox::{Store, StoredEntry};
use crate::resolver::PhoneResolver;

/// Starts joining the cluster of `config`, if there is one.
///
/// An error means that this daemon was refused. This waits some seconds for that; joining continues in the
/// background.
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
    let service = Service::new(cluster.clone(), election.clone());
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

    /// Starts serving the other daemons, if there can be any. Returns the sink of events for programs on the
    /// bus.
    pub(in crate::daemon) fn serve(&self, served: Served) -> Option<FactTap> {
        self.service.as_ref().map(|service| service.start(served))
    }

    /// Starts answering the queries of pages of other daemons.
    pub(in crate::daemon) fn answer(&self, answers: Arc<dyn AnswerQueries>, tasks: &Tasks) {
        if let Some(service) = &self.service {
            service.answer(answers, tasks);
        }
    }
}

/// Checks the NATS servers of `config`, if there are any; returns their faults.
pub(crate) async fn examine(config: &Config) -> Vec<String> {
    let Some(section) = &config.cluster else {
        return Vec::new();
    };
    let reasons = handset_cluster::probe(section).await;
    reasons.iter().map(ToString::to_string).collect()
}

/// Returns the identity of this daemon. Blocks.
fn identity(folder: &Path) -> Identity {
    // If this fails, a later step reports it better.
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

/// How long to wait for a refusal: a live daemon of the same name is detected when it renews its entry, which
/// it does every three seconds.
const DECISION_TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use tokio::runtime::Handle;

    use super::*;
    use crate::config::Sources;

    #[tokio::test]
    async fn without_the_section_nothing_of_the_cluster_runs() {
        let folder = tempfile::tempdir().unwrap();
        let sources = Sources {
            file: folder.path().join("handsetd.toml"),
            is_required: false,
            variables: vec![(OsString::from("HANDSETD__STATE__DIR"), folder.path().into())],
        };
        let config = Config::load(&sources).unwrap();
        let others = join(&config).await.unwrap();
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
        let OtherDaemons {
            leadership,
            claims,
            health,
            routes,
            peers,
            service,
            tasks,
        } = others;
        assert!(leadership.is_none() && claims.is_none() && health.is_none());
        assert!(routes.is_none() && peers.is_none());
        assert!(service.is_none() && tasks.is_none());
        assert!(examine(&config).await.is_empty());
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }
}
