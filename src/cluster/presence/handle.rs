//! The handle of the announcements.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{broadcast, watch};

use super::state::{MAX_KEY, MAX_VALUE, OwnEntries, PresenceChange, PresenceState};
use crate::members::Members;
use crate::names::DaemonName;

/// The announcements of all daemons. Cheap to clone.
///
/// A daemon's announcements count while it is live and has not been restarted. While NATS is unavailable, the last
/// known ones are kept, so that error messages can name the daemon that would reach a key.
#[derive(Clone, Debug)]
pub struct Presence {
    state: Arc<PresenceState>,
    members: watch::Receiver<Arc<Members>>,
}

/// A key or value that is too long to be announced.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{length} bytes are too many to be announced in the cluster; {max} is the limit")]
pub struct EntryTooLong {
    length: usize,
    max: usize,
}

impl Presence {
    pub(crate) fn new(state: Arc<PresenceState>, members: watch::Receiver<Arc<Members>>) -> Self {
        Self { state, members }
    }

    /// Announces a value for a key, as soon as the cluster is joined.
    ///
    /// # Errors
    ///
    /// Returns an error if the key or value is too long.
    pub fn set(&self, key: &str, value: Bytes) -> Result<(), EntryTooLong> {
        check(key.len(), MAX_KEY)?;
        check(value.len(), MAX_VALUE)?;
        let mut own = self.state.own.lock();
        if own.entries.get(key) != Some(&value) {
            own.entries.insert(key.into(), value);
            own.unpublished.insert(key.into());
            self.state.wake.notify_one();
        }
        Ok(())
    }

    /// Withdraws a key.
    pub fn remove(&self, key: &str) {
        let mut own = self.state.own.lock();
        if own.entries.remove(key).is_some() {
            own.unpublished.insert(key.into());
            self.state.wake.notify_one();
        }
    }

    /// Announces exactly these entries. Those that are too long are omitted and returned.
    pub fn replace(&self, entries: impl IntoIterator<Item = (String, Bytes)>) -> Vec<String> {
        let mut too_long = Vec::new();
        let mut new = BTreeMap::<Box<str>, Bytes>::new();
        for (key, value) in entries {
            if key.len() > MAX_KEY || value.len() > MAX_VALUE {
                too_long.push(key);
            } else {
                new.insert(key.into(), value);
            }
        }
        let mut own = self.state.own.lock();
        let OwnEntries {
            entries,
            unpublished,
        } = &mut *own;
        unpublished.extend(
            entries
                .keys()
                .filter(|key| !new.contains_key(*key))
                .cloned(),
        );
        let changed = new
            .iter()
            .filter(|(key, value)| entries.get(*key) != Some(value));
        unpublished.extend(changed.map(|(key, _)| key.clone()));
        *entries = new;
        self.state.wake.notify_one();
        too_long
    }

    /// Returns the value that a daemon announces for a key. This daemon's own entries are included once they
    /// are published.
    pub fn get(&self, daemon: &DaemonName, key: &str) -> Option<Bytes> {
        let members = self.members.borrow().clone();
        let index = self.state.index.read();
        let value = index.entries_of(daemon, &members)?.entries.get(key)?;
        Some(Bytes::copy_from_slice(&value.value))
    }

    /// Returns the daemons that announce a key, with their values, ordered by name.
    pub fn find(&self, key: &str) -> Vec<(DaemonName, Bytes)> {
        let members = self.members.borrow().clone();
        let index = self.state.index.read();
        let found = index.live(&members).filter_map(|(daemon, of_daemon)| {
            let value = of_daemon.entries.get(key)?;
            Some((daemon.clone(), Bytes::copy_from_slice(&value.value)))
        });
        found.collect()
    }

    /// Calls `visit` with each daemon, key and value. It must not call methods of this type.
    pub fn for_each(&self, mut visit: impl FnMut(&DaemonName, &str, &[u8])) {
        self.for_each_from("", |daemon, key, value| visit(daemon, key, value));
    }

    /// Calls `visit` with each daemon, key and value whose key begins with `start`. It must not call methods
    /// of this type.
    pub fn for_each_from(&self, start: &str, mut visit: impl FnMut(&DaemonName, &str, &[u8])) {
        let members = self.members.borrow().clone();
        let index = self.state.index.read();
        let from = (Bound::Included(start), Bound::Unbounded);
        for (daemon, of_daemon) in index.live(&members) {
            let entries = of_daemon.entries.range::<str, _>(from);
            for (key, value) in entries.take_while(|(key, _)| key.starts_with(start)) {
                visit(daemon, key, &value.value);
            }
        }
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        let members = self.members.borrow().clone();
        let index = self.state.index.read();
        index.live(&members).map(|(_, one)| one.entries.len()).sum()
    }

    /// Returns whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Subscribes to changes. A receiver that lags is notified of that, and must read everything again.
    pub fn changes(&self) -> broadcast::Receiver<PresenceChange> {
        self.state.changes.subscribe()
    }
}

fn check(length: usize, max: usize) -> Result<(), EntryTooLong> {
    if length > max {
        return Err(EntryTooLong { length, max });
    }
    Ok(())
}
