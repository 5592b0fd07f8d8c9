//! Publishing what this daemon announces.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_nats::header::HeaderMap;
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::sync::watch;
use tracing::debug;

use crate::headers;
use crate::indexing;
use crate::records;
use crate::session::{Failure, Session};
use crate::shared::{RETRY, Shared};
use crate::streams::PRESENCE;

/// Starts publishing and reading, for as long as the connection lasts.
pub(crate) fn start(shared: &Arc<Shared>, session: &Session) {
    let (shared, session) = (Arc::clone(shared), session.clone());
    let tasks = shared.tasks.clone();
    tasks.spawn("cluster_presence", async move {
        let current = watch::Sender::new(false);
        let is_current = current.subscribe();
        tokio::select! {
            () = indexing::read(&shared, &session, &current) => {}
            () = publish(&shared, &session, is_current) => {}
            () = session.ended.cancelled() => {}
        }
    });
}

/// Publishes what has changed since the last connection, then each change.
async fn publish(shared: &Shared, session: &Session, mut is_current: watch::Receiver<bool>) {
    loop {
        // Changes can be determined only once the stored entries are known.
        if is_current.wait_for(|current| *current).await.is_err() {
            return;
        }
        compare(shared);
        loop {
            let woken = shared.announced.wake.notified();
            let batch = take(shared);
            if batch.is_empty() {
                tokio::select! {
                    () = woken => {}
                    _ = is_current.changed() => break,
                }
                continue;
            }
            let failed = send(shared, session, batch).await;
            if !failed.is_empty() {
                shared.announced.own.lock().dirty.extend(failed);
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

/// Marks everything that differs from what is published.
fn compare(shared: &Shared) {
    let index = shared.announced.index.read();
    let published = index
        .daemons
        .get(&shared.config.name)
        .filter(|published| *published.incarnation == *shared.identity.incarnation);
    let mut own = shared.announced.own.lock();
    let mut dirty = BTreeSet::new();
    for (key, value) in &own.entries {
        let there = published.and_then(|published| published.entries.get(key));
        if there.is_none_or(|there| *there.value != **value) {
            dirty.insert(key.clone());
        }
    }
    if let Some(published) = published {
        let gone = published.entries.keys();
        dirty.extend(gone.filter(|key| !own.entries.contains_key(*key)).cloned());
    }
    own.dirty = dirty;
}

/// A key and its value; `None` removes the key.
type Update = (Box<str>, Option<Bytes>);

/// Takes a batch of pending changes.
fn take(shared: &Shared) -> Vec<Update> {
    let mut own = shared.announced.own.lock();
    let mut batch = Vec::new();
    while batch.len() < BATCH
        && let Some(key) = own.dirty.pop_first()
    {
        let value = own.entries.get(&key).cloned();
        batch.push((key, value));
    }
    batch
}

/// Publishes a batch; returns the keys that failed.
async fn send(shared: &Shared, session: &Session, batch: Vec<Update>) -> Vec<Box<str>> {
    let bucket = shared.subjects.bucket(PRESENCE);
    let sending = futures_util::stream::iter(batch).map(|(key, value)| {
        let subject = bucket.key(&[shared.config.name.as_str(), &key]);
        let stream = bucket.stream();
        async move {
            let is_removal = value.is_none();
            let mut map = if is_removal {
                records::deleted()
            } else {
                HeaderMap::new()
            };
            map.insert(headers::INCARNATION, shared.identity.incarnation());
            let stored = session.store(subject, map, value.unwrap_or_default()).await;
            match stored {
                Ok(stored) => {
                    if is_removal {
                        shared.sweeper.later(&stream, stored.sequence);
                    }
                    None
                }
                Err(failure) => {
                    if let Failure::Refused { reason, .. } = &failure {
                        debug!(%reason, key = %key, "NATS refuses what is announced.");
                    }
                    Some(key)
                }
            }
        }
    });
    let results = sending.buffer_unordered(BATCH).collect::<Vec<_>>().await;
    results.into_iter().flatten().collect()
}

/// Maximum number of changes published concurrently.
const BATCH: usize = 128;
