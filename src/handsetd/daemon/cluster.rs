//! Joins the other daemons, if there is `[cluster]`, and hands what is known of them to the parts of this one.

#[cfg(feature = "cluster")]
mod joined;

#[cfg(feature = "cluster")]
pub(crate) use joined::examine;
#[cfg(feature = "cluster")]
pub(super) use joined::join;

use std::sync::Arc;
use std::time::Duration;

use handset_net::tasks::Tasks;

#[cfg(not(feature = "cluster"))]
use crate::config::Config;
use crate::fleet::{ClusterHealth, Leadership, ScheduleClaims};

/// The other daemons, as the parts of this one see them; nothing without `[cluster]`.
#[derive(Clone, Debug, Default)]
pub(super) struct OtherDaemons {
    pub(super) leadership: Option<Arc<dyn Leadership>>,
    pub(super) claims: Option<Arc<dyn ScheduleClaims>>,
    pub(super) health: Option<Arc<dyn ClusterHealth>>,
    /// What joins them, and stays joined.
    tasks: Option<Tasks>,
}

impl OtherDaemons {
    /// Leaves the cluster.
    pub(super) async fn leave(&self) {
        if let Some(tasks) = &self.tasks {
            tasks.shut_down(LEAVE_TIMEOUT).await;
        }
    }
}

/// Joins no others: the program was built without that.
#[cfg(not(feature = "cluster"))]
pub(super) async fn join(_: &Config) -> anyhow::Result<OtherDaemons> {
    std::future::ready(Ok(OtherDaemons::default())).await
}

/// Finds nothing: the program was built without a cluster.
#[cfg(not(feature = "cluster"))]
pub(crate) async fn examine(_: &Config) -> Vec<String> {
    std::future::ready(Vec::new()).await
}

/// How long leaving may take; the others notice by themselves somewhat later.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(3);
