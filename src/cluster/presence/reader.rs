//! Reads the entries that all daemons announce.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::debug;

use super::state::{DaemonEntries, Index, MAX_KEY, MAX_VALUE, PresenceChange, PresenceEntry};
use crate::error::Reason;
use crate::headers;
use crate::names::DaemonName;
use crate::ordered_consumer::{OrderedConsumer, StreamMessage};
use crate::revisions;
use crate::session::Session;
use crate::shared::{RETRY_DELAY, Shared};
use crate::streams::PRESENCE;

/// Reads until the connection ends; `is_current` reports whether all existing entries have been read.
pub(super) async fn read(shared: &Shared, session: &Session, is_current: &watch::Sender<bool>) {
    loop {
        let reason = read_once(shared, session, is_current).await;
        is_current.send_replace(false);
        debug!(%reason, "Reading the announcements again.");
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

/// Reads with one consumer; returns why it ended.
async fn read_once(shared: &Shared, session: &Session, is_current: &watch::Sender<bool>) -> Reason {
    let bucket = shared.subjects.bucket(PRESENCE);
    let started = OrderedConsumer::start(session, &bucket.stream(), bucket.keys(&[])).await;
    let mut consumer = match started {
        Ok(consumer) => consumer,
        Err(reason) => return reason,
    };
    let mut pending = consumer.existing;
    // The known entries stay until all have been read again.
    let mut new = Some(Index::default());
    let mut absent_since = Vec::new();
    let mut cleanup = tokio::time::interval(shared.config.timing.presence_cleanup_interval);
    loop {
        if pending == 0
            && let Some(new) = new.take()
        {
            *shared.presence.index.write() = new;
            is_current.send_replace(true);
            let _ = shared.presence.changes.send(PresenceChange::All);
        }
        let message = tokio::select! {
            message = consumer.next() => message,
            _ = cleanup.tick() => {
                remove_stale_daemons(shared, &mut absent_since);
                continue;
            }
        };
        match message {
            Ok(Some(message)) => {
                // An entry that changes in the meantime comes later, after others.
                pending = message.pending;
                let Some((daemon, key)) = key_of(shared, &message) else {
                    continue;
                };
                let is_changed = if let Some(new) = &mut new {
                    apply(shared, new, &daemon, &key, message)
                } else {
                    let index = &mut shared.presence.index.write();
                    apply(shared, index, &daemon, &key, message)
                };
                if new.is_none() && daemon == shared.config.name {
                    check_own(shared, &key);
                }
                if is_changed && new.is_none() {
                    let key = key.into();
                    let change = PresenceChange::Key { daemon, key };
                    let _ = shared.presence.changes.send(change);
                }
            }
            Ok(None) => pending = 0,
            Err(reason) => return reason,
        }
    }
}

/// Returns the daemon and key of a message, if its subject has both.
fn key_of(shared: &Shared, message: &StreamMessage) -> Option<(DaemonName, String)> {
    let parts = shared.subjects.bucket(PRESENCE).parts(&message.subject)?;
    let [daemon, key] = <[String; 2]>::try_from(parts).ok()?;
    let is_short = key.len() <= MAX_KEY && message.body.len() <= MAX_VALUE;
    is_short.then_some((daemon.parse().ok()?, key))
}

/// Updates the index; returns whether an entry that counts may have changed.
fn apply(
    shared: &Shared,
    index: &mut Index,
    daemon: &DaemonName,
    key: &str,
    message: StreamMessage,
) -> bool {
    let incarnation = headers::text(Some(&message.headers), headers::INCARNATION);
    let Some(incarnation) = incarnation else {
        return false;
    };
    if !index.daemons.contains_key(daemon) && index.daemons.len() >= MAX_DAEMONS {
        return false;
    }
    if message.headers.get(headers::OPERATION).is_some() {
        let stream = shared.subjects.bucket(PRESENCE).stream();
        shared.delete_stale_tombstone(&stream, message.sequence, message.at);
    }
    let of_daemon = index.daemons.entry(daemon.clone()).or_default();
    if *of_daemon.incarnation != *incarnation {
        // Restarted: its earlier announcements no longer count.
        if *daemon == shared.config.name {
            delete_messages(shared, of_daemon);
        }
        *of_daemon = DaemonEntries {
            incarnation: incarnation.into(),
            ..DaemonEntries::default()
        };
    }
    let sequence = message.sequence;
    match revisions::value_of(&message.headers, message.body) {
        Some(value) => {
            let new = PresenceEntry {
                value: value.as_ref().into(),
                sequence,
            };
            let old = of_daemon.entries.insert(key.into(), new);
            old.is_none_or(|old| *old.value != *value)
        }
        None => of_daemon.entries.remove(key).is_some(),
    }
}

/// Publishes a key of this daemon again if an older value arrived late, over a connection that has been
/// abandoned.
fn check_own(shared: &Shared, key: &str) {
    let index = shared.presence.index.read();
    let published = index.daemons.get(&shared.config.name);
    let published = published.and_then(|published| published.entries.get(key));
    let mut own = shared.presence.own.lock();
    if own.entries.get(key).map(AsRef::as_ref) != published.map(|entry| &*entry.value) {
        own.unpublished.insert(key.into());
        shared.presence.wake.notify_one();
    }
}

/// Removes daemons that have been absent for long, and deletes their announcements.
fn remove_stale_daemons(shared: &Shared, absent_since: &mut Vec<(DaemonName, Instant)>) {
    let members = Arc::clone(&shared.members.borrow());
    let known: Vec<DaemonName> = shared
        .presence
        .index
        .read()
        .daemons
        .keys()
        .cloned()
        .collect();
    absent_since.retain(|(daemon, _)| members.get(daemon).is_none() && known.contains(daemon));
    for daemon in known {
        let is_absent = members.get(&daemon).is_none();
        if is_absent && !absent_since.iter().any(|(other, _)| *other == daemon) {
            absent_since.push((daemon, Instant::now()));
        }
    }
    let ttl = shared.config.timing.presence_ttl;
    let stale: Vec<DaemonName> = absent_since
        .iter()
        .filter(|(_, since)| since.elapsed() >= ttl)
        .map(|(daemon, _)| daemon.clone())
        .collect();
    let is_first = members
        .iter()
        .next()
        .is_some_and(|first| first.name == shared.config.name);
    for daemon in stale {
        let removed = shared.presence.index.write().daemons.remove(&daemon);
        if let Some(removed) = removed.filter(|_| is_first) {
            delete_messages(shared, &removed);
        }
    }
}

/// Deletes each of these messages. A purge would be one request, but 2.9 then also silently skips other
/// messages that it has not delivered to consumers yet.
fn delete_messages(shared: &Shared, entries: &DaemonEntries) {
    let stream = shared.subjects.bucket(PRESENCE).stream();
    for entry in entries.entries.values() {
        // Those that do not fit in the queue do no harm.
        shared.tombstones.delete_now(&stream, entry.sequence);
    }
}

/// Upper bound, more daemons than any installation has.
const MAX_DAEMONS: usize = 10_000;
