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
use super::outbox_startup::StartedOutbox;
#[cfg(not(feature = "cluster"))]
use crate::config::Config;
use crate::dispatch::Dispatcher;
use crate::events::FactTap;
use crate::fleet::{AnswerQuestions, ClusterHealth, Leadership, Peers, Routes, ScheduleClaims};
use crate::history::History;
#[cfg(not(feature = "cluster"))]
use crate::outbox::{Store, StoredEntry};
use crate::resolver::PhoneResolver;

/// The other daemons, as the parts of this one see them; nothing without `[cluster]`.
#[derive(Clone, Debug, Default)]
pub(super) struct OtherDaemons {
    pub(super) leadership: Option<Arc<dyn Leadership>>,
    pub(super) claims: Option<Arc<dyn ScheduleClaims>>,
    pub(super) health: Option<Arc<dyn ClusterHealth>>,
    pub(super) routes: Option<Arc<dyn Routes>>,
    pub(super) peers: Option<Arc<dyn Peers>>,
    /// What serves them.
    #[cfg(feature = "cluster")]
    service: Option<joined::Service>,
    /// What joins them, and stays joined.
    tasks: Option<Tasks>,
}

impl OtherDaemons {
    /// Begins to serve the other daemons, if there can be any. Returns what takes the events for programs on
    /// their bus.
    #[cfg(feature = "cluster")]
    pub(super) fn serve(&self, served: Served) -> Option<FactTap> {
        self.service.as_ref().map(|service| service.start(served))
    }

    /// Stores deliveries in the file.
    #[cfg(not(feature = "cluster"))]
    #[expect(clippy::unused_self, reason = "as if there were any")]
    pub(super) fn start_outbox(
        &self,
        store: Result<Store, String>,
        entries: Vec<StoredEntry>,
        _: &PhoneResolver,
    ) -> StartedOutbox {
        StartedOutbox::in_file(store, entries)
    }

    /// Serves no others.
    #[cfg(not(feature = "cluster"))]
    #[expect(clippy::unused_self, reason = "as if there were any")]
    pub(super) fn serve(&self, _: Served) -> Option<FactTap> {
        None
    }

    /// Begins to answer what the pages of other daemons ask.
    #[cfg(feature = "cluster")]
    pub(super) fn answer(&self, answers: Arc<dyn AnswerQuestions>, tasks: &Tasks) {
        if let Some(service) = &self.service {
            service.answer(answers, tasks);
        }
    }

    /// Answers nobody.
    #[cfg(not(feature = "cluster"))]
    #[expect(clippy::unused_self, reason = "as if there were any")]
    pub(super) fn answer(&self, _: Arc<dyn AnswerQuestions>, _: &Tasks) {}

    /// Leaves the cluster.
    pub(super) async fn leave(&self) {
        if let Some(tasks) = &self.tasks {
            tasks.shut_down(LEAVE_TIMEOUT).await;
        }
    }
}

/// The parts of this daemon that other daemons, and programs on the bus, make use of.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) dispatcher: Dispatcher,
    pub(super) resolver: PhoneResolver,
    pub(super) history: History,
    #[cfg(feature = "cluster")]
    pub(super) outbox: Option<crate::cluster::ClusterOutbox>,
    /// Runs what they ask for.
    pub(super) tasks: Tasks,
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
