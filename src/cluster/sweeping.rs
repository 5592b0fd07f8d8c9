//! Deletes tombstones.

use std::sync::Arc;

use crate::shared::Shared;
use crate::sweeper::{Removal, Removals};

/// Starts the deletion task.
pub(crate) fn start(shared: &Arc<Shared>, mut removals: Removals) {
    let stop = shared.tasks.stop();
    let task = {
        let shared = Arc::clone(shared);
        async move {
            while let Some(removal) = removals.recv().await {
                let Removal {
                    due,
                    stream,
                    sequence,
                } = removal;
                tokio::time::sleep_until(due).await;
                let Some(session) = shared.session() else {
                    continue;
                };
                let deleting = async {
                    if let Ok(stream) = session.jetstream.get_stream_no_info(&stream).await {
                        // Another daemon may have deleted it.
                        let _ = stream.delete_message(sequence).await;
                    }
                };
                let _ = tokio::time::timeout(session.patience, deleting).await;
            }
        }
    };
    shared.tasks.spawn("cluster_sweeper", async move {
        tokio::select! {
            () = task => {}
            () = stop.cancelled() => {}
        }
    });
}
