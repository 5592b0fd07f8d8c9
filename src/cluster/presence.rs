//! Presence: keys and values that each daemon announces, held in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, broadcast, watch};

use crate::members::Members;
use crate::names::DaemonName;

/// The announcements of all daemons. Cheap to clone.
///
/// A daemon's announcements count while it is live and has not been restarted. While NATS is away, the last
/// known ones are kept, so that error messages can name the daemon that would reach a key.
#[derive(Clone, Debug)]
pub struct Presence {
    shared: Arc<Announced>,
    members: watch::Receiver<Arc<Members>>,
}

/// The announcements, by daemon.
#[derive(Debug)]
pub(crate) struct Announced {
    /// The announcements of this daemon.
    pub(crate) own: Mutex<Own>,
    /// Notified when there is something to publish.
    pub(crate) wake: Notify,
    /// The announcements of others, and what this daemon has published.
    pub(crate) index: RwLock<Index>,
    pub(crate) changes: broadcast::Sender<Change>,
}

/// The announcements of this daemon.
#[derive(Debug, Default)]
pub(crate) struct Own {
    pub(crate) entries: BTreeMap<Box<str>, Bytes>,
    /// The changes that are not published yet.
    pub(crate) dirty: BTreeSet<Box<str>>,
}

/// All entries, by daemon and key.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) daemons: BTreeMap<DaemonName, Announcements>,
}

/// The entries of one daemon.
#[derive(Debug, Default)]
pub(crate) struct Announcements {
    /// The incarnation whose entries these are.
    pub(crate) incarnation: Box<str>,
    pub(crate) entries: BTreeMap<Box<str>, Entry>,
}

/// The value announced for a key.
#[derive(Debug)]
pub(crate) struct Entry {
    /// A copy: a slice of the receive buffer would keep all of it allocated.
    pub(crate) value: Box<[u8]>,
    /// The sequence of the message that announced it.
    pub(crate) sequence: u64,
}

/// A change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// A daemon has changed or removed the value of a key.
    Key {
        /// The daemon.
        daemon: DaemonName,
        /// The key.
        key: Arc<str>,
    },
    /// A daemon has joined, left or been restarted: all its entries may have changed.
    Daemon(DaemonName),
    /// Everything may have changed.
    All,
}

/// A key or value that is too long to be announced.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{length} bytes are too many to be announced in the cluster; {max} is the limit")]
pub struct TooLong {
    length: usize,
    max: usize,
}

impl Presence {
    pub(crate) fn new(shared: Arc<Announced>, members: watch::Receiver<Arc<Members>>) -> Self {
        Self { shared, members }
    }

    /// Announces a value for a key, as soon as the cluster is joined.
    ///
    /// # Errors
    ///
    /// Returns an error if the key or value is too long.
    pub fn set(&self, key: &str, value: Bytes) -> Result<(), TooLong> {
        check(key.len(), MAX_KEY)?;
        check(value.len(), MAX_VALUE)?;
        let mut own = self.shared.own.lock();
        if own.entries.get(key) != Some(&value) {
            own.entries.insert(key.into(), value);
            own.dirty.insert(key.into());
            self.shared.wake.notify_one();
        }
        Ok(())
    }

    /// Withdraws a key.
    pub fn remove(&self, key: &str) {
        let mut own = self.shared.own.lock();
        if own.entries.remove(key).is_some() {
            own.dirty.insert(key.into());
            self.shared.wake.notify_one();
        }
    }

    /// Announces exactly these entries. Those that are too long are omitted and returned.
    pub fn replace(&self, entries: impl IntoIterator<Item = (String, Bytes)>) -> Vec<String> {
        let mut refused = Vec::new();
        let mut new = BTreeMap::<Box<str>, Bytes>::new();
        for (key, value) in entries {
            if key.len() > MAX_KEY || value.len() > MAX_VALUE {
                refused.push(key);
            } else {
                new.insert(key.into(), value);
            }
        }
        let mut own = self.shared.own.lock();
        let Own { entries, dirty } = &mut *own;
        dirty.extend(
            entries
                .keys()
                .filter(|key| !new.contains_key(*key))
                .cloned(),
        );
        let changed = new
            .iter()
            .filter(|(key, value)| entries.get(*key) != Some(value));
        dirty.extend(changed.map(|(key, _)| key.clone()));
        *entries = new;
        self.shared.wake.notify_one();
        refused
    }

    /// Returns the value that a daemon announces for a key. This daemon's own entries are included once they
    /// are published.
    pub fn get(&self, daemon: &DaemonName, key: &str) -> Option<Bytes> {
        let members = self.members.borrow().clone();
        let index = self.shared.index.read();
        let value = index.of(daemon, &members)?.entries.get(key)?;
        Some(Bytes::copy_from_slice(&value.value))
    }

    /// Returns the daemons that announce a key, with their values, ordered by name.
    pub fn find(&self, key: &str) -> Vec<(DaemonName, Bytes)> {
        let members = self.members.borrow().clone();
        let index = self.shared.index.read();
        let found = index.living(&members).filter_map(|(daemon, announced)| {
            let value = announced.entries.get(key)?;
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
        let index = self.shared.index.read();
        let from = (Bound::Included(start), Bound::Unbounded);
        for (daemon, announced) in index.living(&members) {
            let entries = announced.entries.range::<str, _>(from);
            for (key, value) in entries.take_while(|(key, _)| key.starts_with(start)) {
                visit(daemon, key, &value.value);
            }
        }
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        let members = self.members.borrow().clone();
        let index = self.shared.index.read();
        index
            .living(&members)
            .map(|(_, one)| one.entries.len())
            .sum()
    }

    /// Returns whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Subscribes to changes. A receiver that lags is notified of that, and must read everything again.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.shared.changes.subscribe()
    }
}

impl Index {
    fn of(&self, daemon: &DaemonName, members: &Members) -> Option<&Announcements> {
        self.daemons
            .get(daemon)
            .filter(|announced| members.has(daemon, &announced.incarnation))
    }

    fn living<'a>(
        &'a self,
        members: &'a Members,
    ) -> impl Iterator<Item = (&'a DaemonName, &'a Announcements)> {
        self.daemons
            .iter()
            .filter(|(daemon, announced)| members.has(daemon, &announced.incarnation))
    }
}

impl Announced {
    pub(crate) fn new() -> Self {
        Self {
            own: Mutex::default(),
            wake: Notify::new(),
            index: RwLock::default(),
            changes: broadcast::Sender::new(CHANGES),
        }
    }
}

fn check(length: usize, max: usize) -> Result<(), TooLong> {
    if length > max {
        return Err(TooLong { length, max });
    }
    Ok(())
}

/// Maximum length of a key, in bytes; its encoding is up to three times as long, and a subject must fit in
/// the 4096 bytes of a control line.
pub(crate) const MAX_KEY: usize = 512;

/// Maximum length of a value, in bytes; the JSON of a phone has a few hundred.
pub(crate) const MAX_VALUE: usize = 16 * 1024;

/// Capacity of the channel of changes.
const CHANGES: usize = 4096;
