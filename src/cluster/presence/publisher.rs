//! Publishes the entries that this daemon announces.

use std::collections::BTreeSet;

use async_nats::header::HeaderMap;
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::sync::watch;
use tracing::debug;

use crate::headers;
use crate::revisions;
use crate::session::{Failure, Session};
use crate::shared::{RETRY_DELAY, Shared};
use crate::streams::PRESENCE;

/// Publishes what has changed since the last connection, then each change.
pub(super) async fn publish(
    shared: &Shared,
    session: &Session,
    mut is_current: watch::Receiver<bool>,
) {
    loop {
        // Changes can be determined only once the stored entries are known.
        if is_current.wait_for(|current| *current).await.is_err() {
            return;
        }
        mark_unpublished(shared);
        loop {
            let woken = shared.presence.wake.notified();
            let batch = take_batch(shared);
            if batch.is_empty() {
                tokio::select! {
                    () = woken => {}
                    _ = is_current.changed() => break,
                }
                continue;
            }
            let failed = publish_batch(shared, session, batch).await;
            if !failed.is_empty() {
                shared.presence.own.lock().unpublished.extend(failed);
                tokio::time::sleep(RETRY_DELAY).await;
            }
        }
    }
}

/// Marks all keys whose published value differs.
fn mark_unpublished(shared: &Shared) {
    let index = shared.presence.index.read();
    let published = index
        .daemons
        .get(&shared.config.name)
        .filter(|published| *published.incarnation == *shared.identity.incarnation);
    let mut own = shared.presence.own.lock();
    let mut unpublished = BTreeSet::new();
    for (key, value) in &own.entries {
        let entry = published.and_then(|published| published.entries.get(key));
        if entry.is_none_or(|entry| *entry.value != **value) {
            unpublished.insert(key.clone());
        }
    }
    if let Some(published) = published {
        let keys = published.entries.keys();
        unpublished.extend(keys.filter(|key| !own.entries.contains_key(*key)).cloned());
    }
    own.unpublished = unpublished;
}

/// A key and its value; `None` removes the key.
type Update = (Box<str>, Option<Bytes>);

/// Takes a batch of unpublished changes.
fn take_batch(shared: &Shared) -> Vec<Update> {
    let mut own = shared.presence.own.lock();
    let mut batch = Vec::new();
    while batch.len() < BATCH_SIZE
        && let Some(key) = own.unpublished.pop_first()
    {
        let value = own.entries.get(&key).cloned();
        batch.push((key, value));
    }
    batch
}

/// Publishes a batch; returns the keys that failed.
async fn publish_batch(shared: &Shared, session: &Session, batch: Vec<Update>) -> Vec<Box<str>> {
    let bucket = shared.subjects.bucket(PRESENCE);
    let publishing = futures_util::stream::iter(batch).map(|(key, value)| {
        let subject = bucket.key(&[shared.config.name.as_str(), &key]);
        let stream = bucket.stream();
        async move {
            let is_removal = value.is_none();
            let mut map = if is_removal {
                revisions::deletion()
            } else {
                HeaderMap::new()
            };
            map.insert(headers::INCARNATION, shared.identity.incarnation());
            let stored = session.store(subject, map, value.unwrap_or_default()).await;
            match stored {
                Ok(stored) => {
                    if is_removal {
                        shared.tombstones.delete_later(&stream, stored.sequence);
                    }
                    None
                }
                Err(failure) => {
                    if let Failure::Refused { reason, .. } = &failure {
                        debug!(%reason, key = %key, "NATS refuses an announcement.");
                    }
                    Some(key)
                }
            }
        }
    });
    let results = publishing.buffer_unordered(BATCH_SIZE).collect::<Vec<_>>();
    results.await.into_iter().flatten().collect()
}

/// Maximum number of changes published concurrently.
const BATCH_SIZE: usize = 128;
