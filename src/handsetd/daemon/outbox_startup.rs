//! Opens the outbox at start-up, and raises events for damage and expired deliveries.

use std::fs;
use std::path::Path;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::dispatch::Expired;
use crate::outbox::{Opened, Store, StoredEntry};
use crate::rules::Fact;

/// The opened outbox, and its entries.
#[derive(Debug)]
pub(super) struct OpenedOutbox {
    /// The store, or why there is none.
    pub(super) store: Result<Store, String>,
    pub(super) entries: Vec<StoredEntry>,
    /// The event of a damaged file.
    pub(super) damaged: Option<Fact>,
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
            damaged,
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
        let damaged = damaged.map(|(moved_to, reason)| {
            let (path, moved_to) = (path.display().to_string(), moved_to.display().to_string());
            error!(
                path,
                moved_to,
                reason,
                "The outbox is damaged: the file was renamed, and a new one was created. sqlite3 may \
                 recover entries from it (.recover)."
            );
            fact(
                "handsetd.damaged",
                [("File", path), ("Moved", moved_to), ("Reason", reason)],
            )
        });
        Self {
            store: Ok(store),
            entries,
            damaged,
        }
    }
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
        if facts.send(fact("handsetd.expired", values)).await.is_err() {
            return;
        }
    }
}

fn fact<const N: usize>(name: &str, values: [(&str, String); N]) -> Fact {
    Fact::new(name, values.map(|(name, value)| (name.to_owned(), value)))
}
