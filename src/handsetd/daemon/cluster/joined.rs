//! Joins over NATS.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use handset_cluster::{Cluster, Identity, State};
use handset_net::tasks::Tasks;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tracing::warn;

use super::OtherDaemons;
use crate::cluster::{ClusterView, Election};
use crate::config::Config;

/// Begins to join the cluster of `config`, if there is one.
///
/// An error means that this daemon is refused. That takes some seconds, for which this waits; whatever takes
/// longer is left to the background.
pub(in crate::daemon) async fn join(config: &Config) -> anyhow::Result<OtherDaemons> {
    let Some(section) = config.cluster.clone() else {
        return Ok(OtherDaemons::default());
    };
    let folder = config.state.dir.clone();
    let identity = spawn_blocking(move || identity(folder))
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
    Ok(OtherDaemons {
        leadership: Some(Arc::new(election)),
        claims: Some(Arc::new(cluster)),
        health: Some(Arc::new(view)),
        tasks: Some(tasks),
    })
}

/// Asks the NATS servers of `config`, if there are any; returns what is wrong with them.
pub(crate) async fn examine(config: &Config) -> Vec<String> {
    let Some(section) = &config.cluster else {
        return Vec::new();
    };
    let reasons = handset_cluster::probe(section).await;
    reasons.iter().map(ToString::to_string).collect()
}

/// Returns who this daemon is. Blocks.
fn identity(folder: PathBuf) -> Identity {
    // If this fails, what follows reports it better.
    let _ = std::fs::create_dir_all(&folder);
    Identity::load(&folder).unwrap_or_else(|error| {
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
