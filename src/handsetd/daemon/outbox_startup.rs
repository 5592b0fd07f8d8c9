//! Opens the outbox at start-up, and raises events for damage and expired deliveries.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::dispatch::Expired;
use crate::outbox::{Change, Opened, Storage, Store, StoredEntry};
use crate::rules::{Causes, Fact};
use crate::sqlite::Damage;

/// The opened outbox, and its entries.
#[derive(Debug)]
pub(super) struct OpenedOutbox {
    /// The store, or why there is none.
    pub(super) store: Result<Store, String>,
    pub(super) entries: Vec<StoredEntry>,
    /// The event of a damaged file.
    pub(super) damaged: Option<Fact>,
}

/// Where deliveries are stored, and what there is already.
#[derive(Debug)]
pub(super) struct StartedOutbox {
    /// The store, or why there is none.
    pub(super) storage: Result<Arc<dyn Storage>, String>,
    pub(super) entries: Vec<StoredEntry>,
    /// What changes in it without this daemon; `None` if nothing does.
    pub(super) changes: Option<mpsc::Receiver<Change>>,
    /// The outbox of the cluster, if there is one.
    #[cfg(feature = "cluster")]
    pub(super) cluster: Option<crate::cluster::ClusterOutbox>,
}

impl StartedOutbox {
    /// Stores deliveries in the file alone.
    pub(super) fn in_file(store: Result<Store, String>, entries: Vec<StoredEntry>) -> Self {
        Self {
            storage: store.map(|store| Arc::new(store) as Arc<dyn Storage>),
            entries,
            changes: None,
            #[cfg(feature = "cluster")]
            cluster: None,
        }
    }
}

impl OpenedOutbox {
    /// Opens the file in the state directory. If that fails, the daemon runs without `keep`. Blocks.
    pub(super) fn open(state: &Path) -> Self {
        let path = state.join("outbox.sqlite");
        // If this fails, opening the file reports it better.
        let _ = fs::create_dir_all(state);
        let Opened {
            store,
            entries,
            damage,
        } = match Store::open(&path) {
            Ok(opened) => opened,
            Err(error) => {
                error!(
                    %error,
                    "Cannot open the outbox: requests with keep are not stored. Fix state.dir and restart \
                     handsetd."
                );
                return Self {
                    store: Err(error.to_string()),
                    entries: Vec::new(),
                    damaged: None,
                };
            }
        };
        let damaged = damage.map(|damage| report(&path, damage));
        Self {
            store: Ok(store),
            entries,
            damaged,
        }
    }
}

/// Logs damage, and returns its event.
fn report(path: &Path, damage: Damage) -> Fact {
    let Damage {
        reason,
        moved_to,
        is_doubtful,
    } = damage;
    let (path, moved_to) = (path.display().to_string(), moved_to.display().to_string());
    if is_doubtful {
        error!(
            path,
            copy = moved_to,
            reason,
            "The last change of the outbox is incomplete. If the power failed while it was written, \
             nothing is missing; otherwise it is damaged, and one delivery may be lost or repeated."
        );
    } else {
        error!(
            path,
            moved_to,
            reason,
            "The outbox is damaged: the file was renamed, and a new one was created. Deliveries that \
             could be read end as UNKNOWN, as they may have been sent. sqlite3 may recover others \
             (.recover)."
        );
    }
    fact(
        "handsetd.damaged",
        [("File", path), ("Moved", moved_to), ("Reason", reason)],
    )
}

/// Raises an event for each expired delivery, until `stop`.
pub(super) async fn forward_expired(
    mut expired_deliveries: mpsc::Receiver<Expired>,
    facts: mpsc::Sender<Fact>,
    stop: CancellationToken,
) {
    loop {
        let expired = tokio::select! {
            () = stop.cancelled() => return,
            expired = expired_deliveries.recv() => expired,
        };
        let Some(expired) = expired else { return };
        let Expired {
            id,
            requester,
            phone,
            verb,
            keep,
            reason,
        } = expired;
        let values = [
            ("Id", id),
            ("Phone", phone),
            ("Verb", verb.to_owned()),
            ("Keep", humantime::format_duration(keep).to_string()),
            ("Reason", reason),
        ];
        // A rule must not fire on what its own runs brought about.
        let causes: Causes = requester.rules().collect();
        let fact = fact("handsetd.expired", values).caused_by(causes);
        if facts.send(fact).await.is_err() {
            return;
        }
    }
}

fn fact<const N: usize>(name: &str, values: [(&str, String); N]) -> Fact {
    Fact::new(name, values.map(|(name, value)| (name.to_owned(), value)))
}
