//! The task that deletes tombstones.

use std::sync::Arc;

use super::{Tombstone, TombstoneQueue};
use crate::error::Reason;
use crate::shared::Shared;

/// Starts the task that deletes tombstones.
pub(crate) fn start(shared: &Arc<Shared>, queue: TombstoneQueue) {
    let (deleting, stop) = (
        delete_scheduled(Arc::clone(shared), queue),
        shared.tasks.stop(),
    );
    shared.tasks.spawn("cluster_tombstones", async move {
        stop.run_until_cancelled(deleting).await;
    });
}

async fn delete_scheduled(shared: Arc<Shared>, mut queue: TombstoneQueue) {
    while let Some(tombstone) = queue.recv().await {
        let Tombstone {
            due,
            stream,
            sequence,
        } = tombstone;
        tokio::time::sleep_until(due).await;
        let Some(session) = shared.session() else {
            continue;
        };
        let deleting = async {
            if let Ok(stream) = session.jetstream.get_stream_no_info(&stream).await {
                // Another daemon may have deleted it.
                let _ = stream.delete_message(sequence).await;
            }
            Ok::<(), Reason>(())
        };
        // If this fails, it is found again when the stream is next read.
        let _ = session.within(session.reply_timeout, deleting).await;
    }
}
