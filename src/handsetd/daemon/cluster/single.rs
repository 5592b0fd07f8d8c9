//! Joins no other daemons: the program was built without the feature `cluster`.

use std::future::ready;
use std::sync::Arc;

use handset_net::tasks::Tasks;

use super::other_daemons::OtherDaemons;
use super::served::Served;
use crate::config::Config;
use crate::daemon::outbox_startup::StartedOutbox;
use crate::events::FactTap;
use crate::fleet::AnswerQueries;
use crate::outbox::{Store, StoredEntry};
use crate::resolver::PhoneResolver;

/// Joins nothing.
pub(in crate::daemon) async fn join(_: &Config) -> anyhow::Result<OtherDaemons> {
    ready(Ok(OtherDaemons::default())).await
}

#[expect(clippy::unused_self, reason = "as if there were any")]
impl OtherDaemons {
    /// Stores deliveries in the file.
    pub(in crate::daemon) fn start_outbox(
        &self,
        store: Result<Store, String>,
        entries: Vec<StoredEntry>,
        _: &PhoneResolver,
    ) -> StartedOutbox {
        StartedOutbox::in_file(store, entries)
    }

    /// Serves no others.
    pub(in crate::daemon) fn serve(&self, _: Served) -> Option<FactTap> {
        None
    }

    /// Answers no queries: there are no other daemons.
    pub(in crate::daemon) fn answer(&self, _: Arc<dyn AnswerQueries>, _: &Tasks) {}
}

/// Finds nothing wrong.
pub(crate) async fn examine(_: &Config) -> Vec<String> {
    ready(Vec::new()).await
}
