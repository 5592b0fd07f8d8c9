//! The other daemons.

use std::sync::Arc;
use std::time::Duration;

use handset_net::tasks::Tasks;

#[cfg(feature = "cluster")]
use super::service::Service;
use crate::fleet::{ClusterHealth, Leadership, Peers, Routes, ScheduleClaims};

/// The other daemons, as the parts of this one see them; empty without `[cluster]`.
#[derive(Clone, Debug, Default)]
pub(in crate::daemon) struct OtherDaemons {
    pub(in crate::daemon) leadership: Option<Arc<dyn Leadership>>,
    pub(in crate::daemon) claims: Option<Arc<dyn ScheduleClaims>>,
    pub(in crate::daemon) health: Option<Arc<dyn ClusterHealth>>,
    pub(in crate::daemon) routes: Option<Arc<dyn Routes>>,
    pub(in crate::daemon) peers: Option<Arc<dyn Peers>>,
    /// The tasks that serve them.
    #[cfg(feature = "cluster")]
    pub(super) service: Option<Service>,
    /// The tasks that keep this daemon joined.
    pub(super) tasks: Option<Tasks>,
}

impl OtherDaemons {
    /// Leaves the cluster.
    pub(in crate::daemon) async fn leave(&self) {
        if let Some(tasks) = &self.tasks {
            tasks.shut_down(LEAVE_TIMEOUT).await;
        }
    }
}

/// Time limit for leaving; otherwise the others notice when the lease expires.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(3);
