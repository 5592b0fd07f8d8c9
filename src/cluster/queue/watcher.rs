//! Watches the queue: its entries, and their changes.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::debug;

use super::entry::{self, QueueEvent, QueueMessage};
use super::read;
use crate::error::Reason;
use crate::session::Session;
use crate::shared::{RETRY_DELAY, Shared};

/// The entries of the queue and their changes.
#[derive(Debug)]
pub struct QueueWatcher {
    events: mpsc::Receiver<QueueEvent>,
    _end: DropGuard,
}

impl QueueWatcher {
    /// Waits for the next event; `None` when the daemon stops.
    pub async fn next(&mut self) -> Option<QueueEvent> {
        self.events.recv().await
    }
}

pub(super) fn watch(shared: &Arc<Shared>) -> QueueWatcher {
    let (sender, events) = mpsc::channel(EVENTS_CAPACITY);
    let end = CancellationToken::new();
    let (ended, stop) = (end.clone(), shared.tasks.stop());
    let watching = keep_watching(Arc::clone(shared), sender);
    shared.tasks.spawn("cluster_queue", async move {
        tokio::select! {
            () = watching => {}
            () = ended.cancelled() => {}
            () = stop.cancelled() => {}
        }
    });
    QueueWatcher {
        events,
        _end: end.drop_guard(),
    }
}

/// Watches over one connection after the other; returns once the watcher is dropped.
async fn keep_watching(shared: Arc<Shared>, events: mpsc::Sender<QueueEvent>) {
    let mut current = shared.session.subscribe();
    let mut known = HashSet::new();
    loop {
        let session = match current.wait_for(Option::is_some).await {
            Ok(session) => session.clone(),
            Err(_) => return,
        };
        let Some(session) = session else { continue };
        match watch_once(&shared, &session, &events, &mut known).await {
            Ok(()) => return,
            Err(reason) => debug!(%reason, "Watching the queue again."),
        }
        if events.send(QueueEvent::Interrupted).await.is_err() {
            return;
        }
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

/// The key and id of an entry.
type Name = (String, String);

/// Watches with one consumer; returns `Ok` once the watcher is dropped.
async fn watch_once(
    shared: &Shared,
    session: &Session,
    events: &mpsc::Sender<QueueEvent>,
    known: &mut HashSet<Name>,
) -> Result<(), Reason> {
    let mut consumer = read::consume(shared, session, None).await?;
    let mut conflicts = shared.conflicts.subscribe();
    // The existing entries, until all have been delivered.
    let mut existing = Some(HashSet::new());
    let mut pending = consumer.existing;
    loop {
        if pending == 0
            && let Some(existing) = existing.take()
        {
            let removed: Vec<_> = known.difference(&existing).cloned().collect();
            *known = existing;
            for (key, id) in removed {
                if events.send(QueueEvent::Removed { key, id }).await.is_err() {
                    return Ok(());
                }
            }
            if events.send(QueueEvent::Current).await.is_err() {
                return Ok(());
            }
        }
        let message = tokio::select! {
            message = consumer.next() => message?,
            conflict = conflicts.recv() => {
                let Ok((key, id)) = conflict else {
                    return Err(Reason::new("too many conflicts"));
                };
                let entry = read::read_last(shared, session, &key, &id).await?;
                let event = entry.map_or(QueueEvent::Removed { key, id }, QueueEvent::Entry);
                if events.send(event).await.is_err() {
                    return Ok(());
                }
                continue;
            }
        };
        let Some(message) = message else {
            pending = 0;
            continue;
        };
        // Not counted down: an entry that changes in the meantime comes later, after others.
        pending = message.pending;
        let (sequence, at) = (message.sequence, message.at);
        let event = match entry::parse(&shared.subjects, message) {
            Some(QueueMessage::Entry(entry)) => {
                let name = (entry.key.clone(), entry.id.clone());
                match &mut existing {
                    Some(existing) => existing.insert(name),
                    None => known.insert(name),
                };
                QueueEvent::Entry(entry)
            }
            Some(QueueMessage::Removed { key, id }) => {
                shared.delete_stale_tombstone(&shared.subjects.queue_stream(), sequence, at);
                let name = (key, id);
                let was_known = known.remove(&name);
                let did_exist = existing
                    .as_mut()
                    .is_some_and(|existing| existing.remove(&name));
                if !was_known && !did_exist {
                    continue;
                }
                let (key, id) = name;
                QueueEvent::Removed { key, id }
            }
            None => continue,
        };
        if events.send(event).await.is_err() {
            return Ok(());
        }
    }
}

/// Capacity of the channel to the watcher.
const EVENTS_CAPACITY: usize = 1024;
