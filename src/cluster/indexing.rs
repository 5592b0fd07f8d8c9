//! Reads what all daemons announce.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::debug;

use crate::error::Reason;
use crate::headers;
use crate::names::DaemonName;
use crate::presence::{Announcements, Change, Entry, Index, MAX_KEY, MAX_VALUE};
use crate::records;
use crate::session::Session;
use crate::shared::{RETRY, Shared};
use crate::streams::PRESENCE;
use crate::watching::{Watch, Watched};

/// Reads until the connection ends; `is_current` reports whether all existing entries have been read.
pub(crate) async fn read(shared: &Shared, session: &Session, is_current: &watch::Sender<bool>) {
    loop {
        let reason = read_once(shared, session, is_current).await;
        is_current.send_replace(false);
        debug!(%reason, "Reading what is announced begins anew.");
        tokio::time::sleep(RETRY).await;
    }
}

async fn read_once(shared: &Shared, session: &Session, is_current: &watch::Sender<bool>) -> Reason {
    let bucket = shared.subjects.bucket(PRESENCE);
    let started = Watch::start(session, &bucket.stream(), bucket.keys(&[])).await;
    let mut watch = match started {
        Ok(watch) => watch,
        Err(failure) => return Reason::new(failure.to_string()),
    };
    let mut left = watch.existing;
    // The known entries stay until all have been read again.
    let mut new = Some(Index::default());
    let mut missed = Vec::new();
    let mut clean = tokio::time::interval(shared.config.timing.cleaning);
    loop {
        if left == 0
            && let Some(new) = new.take()
        {
            *shared.announced.index.write() = new;
            is_current.send_replace(true);
            let _ = shared.announced.changes.send(Change::All);
        }
        let watched = tokio::select! {
            watched = watch.next() => watched,
            _ = clean.tick() => {
                forget(shared, &mut missed);
                continue;
            }
        };
        match watched {
            Ok(Some(watched)) => {
                // What changes in the meantime comes later, after others.
                left = watched.pending;
                let Some((daemon, key)) = name(shared, &watched) else {
                    continue;
                };
                let changed = if let Some(new) = &mut new {
                    apply(shared, new, &daemon, &key, watched)
                } else {
                    let index = &mut shared.announced.index.write();
                    apply(shared, index, &daemon, &key, watched)
                };
                if new.is_none() && daemon == shared.config.name {
                    check_own(shared, &key);
                }
                if changed && new.is_none() {
                    let key = key.into();
                    let _ = shared.announced.changes.send(Change::Key { daemon, key });
                }
            }
            Ok(None) => left = 0,
            Err(reason) => return reason,
        }
    }
}

/// Returns the daemon and key of a message, if its subject has both.
fn name(shared: &Shared, watched: &Watched) -> Option<(DaemonName, String)> {
    let parts = shared.subjects.bucket(PRESENCE).parts(&watched.subject)?;
    let [daemon, key] = <[String; 2]>::try_from(parts).ok()?;
    let is_short = key.len() <= MAX_KEY && watched.body.len() <= MAX_VALUE;
    is_short.then_some((daemon.parse().ok()?, key))
}

/// Updates the index; returns whether an entry that counts may have changed.
fn apply(
    shared: &Shared,
    index: &mut Index,
    daemon: &DaemonName,
    key: &str,
    watched: Watched,
) -> bool {
    let incarnation = headers::text(Some(&watched.headers), headers::INCARNATION);
    let Some(incarnation) = incarnation else {
        return false;
    };
    if !index.daemons.contains_key(daemon) && index.daemons.len() >= MAX_DAEMONS {
        return false;
    }
    if watched.headers.get(headers::OPERATION).is_some() {
        let age = shared.clock.now().duration_since(watched.at);
        if age.is_ok_and(|age| age > shared.config.timing.removal_age * LEFT_BEHIND) {
            let stream = shared.subjects.bucket(PRESENCE).stream();
            shared.sweeper.now(&stream, watched.sequence);
        }
    }
    let announced = index.daemons.entry(daemon.clone()).or_default();
    if *announced.incarnation != *incarnation {
        // Restarted: its earlier announcements no longer count.
        if *daemon == shared.config.name {
            sweep(shared, announced);
        }
        *announced = Announcements {
            incarnation: incarnation.into(),
            ..Announcements::default()
        };
    }
    let sequence = watched.sequence;
    match records::value_of(&watched.headers, watched.body) {
        Some(value) => {
            let new = Entry {
                value: value.as_ref().into(),
                sequence,
            };
            let old = announced.entries.insert(key.into(), new);
            old.is_none_or(|old| *old.value != *value)
        }
        None => announced.entries.remove(key).is_some(),
    }
}

/// Publishes a key of this daemon again if an older value arrived late, over a connection that has been
/// abandoned.
fn check_own(shared: &Shared, key: &str) {
    let index = shared.announced.index.read();
    let published = index.daemons.get(&shared.config.name);
    let there = published.and_then(|published| published.entries.get(key));
    let mut own = shared.announced.own.lock();
    if own.entries.get(key).map(AsRef::as_ref) != there.map(|there| &*there.value) {
        own.dirty.insert(key.into());
        shared.announced.wake.notify_one();
    }
}

/// Forgets daemons that have been gone for long, and deletes their announcements.
fn forget(shared: &Shared, missed: &mut Vec<(DaemonName, Instant)>) {
    let members = Arc::clone(&shared.members.borrow());
    let known: Vec<DaemonName> = shared
        .announced
        .index
        .read()
        .daemons
        .keys()
        .cloned()
        .collect();
    missed.retain(|(daemon, _)| members.get(daemon).is_none() && known.contains(daemon));
    for daemon in known {
        let is_gone = members.get(&daemon).is_none();
        if is_gone && !missed.iter().any(|(other, _)| *other == daemon) {
            missed.push((daemon, Instant::now()));
        }
    }
    let age = shared.config.timing.stale_age;
    let stale: Vec<DaemonName> = missed
        .iter()
        .filter(|(_, since)| since.elapsed() >= age)
        .map(|(daemon, _)| daemon.clone())
        .collect();
    let is_first = members
        .iter()
        .next()
        .is_some_and(|first| first.name == shared.config.name);
    for daemon in stale {
        let removed = shared.announced.index.write().daemons.remove(&daemon);
        if let Some(removed) = removed.filter(|_| is_first) {
            sweep(shared, &removed);
        }
    }
}

/// Deletes each of these messages. A purge would be one request, but 2.9 then also silently skips other
/// messages that it has not delivered to watchers yet.
fn sweep(shared: &Shared, announced: &Announcements) {
    let stream = shared.subjects.bucket(PRESENCE).stream();
    for entry in announced.entries.values() {
        // Whatever does not fit in the queue does no harm.
        shared.sweeper.now(&stream, entry.sequence);
    }
}

/// Upper bound, more daemons than any installation has.
const MAX_DAEMONS: usize = 10_000;

/// A tombstone older than this multiple of its maximum age is deleted by any daemon.
const LEFT_BEHIND: u32 = 3;
