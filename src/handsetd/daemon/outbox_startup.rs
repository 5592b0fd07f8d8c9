//! Payload is held for phones that are away: opening the file, and the events of what is dropped.

use std::fs;
use std::path::Path;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::dispatch::Expired;
use crate::outbox::{Opened, Store, StoredEntry};
use crate::rules::Fact;

/// The file, and what was in it.
#[derive(Debug)]
pub(super) struct OpenedOutbox {
    /// The file; or why nothing can be held.
    pub(super) store: Result<Store, String>,
    /// Payload was in it.
    pub(super) held: Vec<StoredEntry>,
    /// The event that tells of a damaged file.
    pub(super) damaged: Option<Fact>,
}

impl OpenedOutbox {
    /// Opens the file in the state folder. Payload stands against it costs `keep`, not the service.
    /// Blocks.
    pub(super) fn open(state: &Path) -> Self {
        let path = state.join("held.sqlite");
        // Payload is wrong with the folder is told better by what is wrong with the file.
        let _ = fs::create_dir_all(state);
        let Opened {
            store,
            held,
            damaged,
        } = match Store::open(&path) {
            Ok(opened) => opened,
            Err(error) => {
                error!(
                    %error,
                    "Nothing can be held for phones that are away (keep), until this is mended and \
                     handsetd started again (state.dir)."
                );
                return Self {
                    store: Err(error.to_string()),
                    held: Vec::new(),
                    damaged: None,
                };
            }
        };
        let damaged = damaged.map(|(aside, why)| {
            let (path, aside) = (path.display().to_string(), aside.display().to_string());
            error!(
                path,
                aside,
                why,
                "The outbox was damaged: the file was moved aside, and \
                 a new one was begun. sqlite3 may recover something of it (.recover)."
            );
            fact(
                "handsetd.damaged",
                [("File", path), ("Moved", aside), ("Reason", why)],
            )
        });
        Self {
            store: Ok(store),
            held,
            damaged,
        }
    }
}

/// Makes events of what is dropped, until `stop`.
pub(super) async fn tell(
    mut dropped: mpsc::Receiver<Expired>,
    tell: mpsc::Sender<Fact>,
    stop: CancellationToken,
) {
    loop {
        let expired = tokio::select! {
            () = stop.cancelled() => return,
            expired = dropped.recv() => expired,
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
        if tell.send(fact("handsetd.expired", values)).await.is_err() {
            return;
        }
    }
}

fn fact<const N: usize>(name: &str, values: [(&str, String); N]) -> Fact {
    Fact::new(name, values.map(|(name, value)| (name.to_owned(), value)))
}
