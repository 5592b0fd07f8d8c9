//! The announcements in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, broadcast};

use crate::members::Members;
use crate::names::DaemonName;

/// The announcements of this daemon and of all others.
#[derive(Debug)]
pub(crate) struct PresenceState {
    /// The announcements of this daemon.
    pub(super) own: Mutex<OwnEntries>,
    /// Notified when there is something to publish.
    pub(super) wake: Notify,
    /// The announcements of others, and what this daemon has published.
    pub(super) index: RwLock<Index>,
    pub(crate) changes: broadcast::Sender<PresenceChange>,
}

/// The announcements of this daemon.
#[derive(Debug, Default)]
pub(super) struct OwnEntries {
    pub(super) entries: BTreeMap<Box<str>, Bytes>,
    /// The keys with changes that are not published yet.
    pub(super) unpublished: BTreeSet<Box<str>>,
}

/// All entries, by daemon and key.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) daemons: BTreeMap<DaemonName, DaemonEntries>,
}

/// The entries of one daemon.
#[derive(Debug, Default)]
pub(super) struct DaemonEntries {
    /// The incarnation whose entries these are.
    pub(super) incarnation: Box<str>,
    pub(super) entries: BTreeMap<Box<str>, PresenceEntry>,
}

/// The value announced for a key.
#[derive(Debug)]
pub(super) struct PresenceEntry {
    /// A copy: a slice of the receive buffer would keep all of it allocated.
    pub(super) value: Box<[u8]>,
    /// The sequence of the message that announced it.
    pub(super) sequence: u64,
}

/// A change of the announcements.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PresenceChange {
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

impl Index {
    pub(super) fn entries_of(
        &self,
        daemon: &DaemonName,
        members: &Members,
    ) -> Option<&DaemonEntries> {
        self.daemons
            .get(daemon)
            .filter(|of_daemon| members.has(daemon, &of_daemon.incarnation))
    }

    pub(super) fn live<'a>(
        &'a self,
        members: &'a Members,
    ) -> impl Iterator<Item = (&'a DaemonName, &'a DaemonEntries)> {
        self.daemons
            .iter()
            .filter(|(daemon, of_daemon)| members.has(daemon, &of_daemon.incarnation))
    }
}

impl PresenceState {
    pub(crate) fn new() -> Self {
        Self {
            own: Mutex::default(),
            wake: Notify::new(),
            index: RwLock::default(),
            changes: broadcast::Sender::new(CHANGES_CAPACITY),
        }
    }
}

/// Maximum length of a key, in bytes; its encoding is up to three times as long, and a subject must fit in
/// the 4096 bytes of a control line.
pub(super) const MAX_KEY: usize = 512;

/// Maximum length of a value, in bytes; the JSON of a phone has a few hundred.
pub(super) const MAX_VALUE: usize = 16 * 1024;

/// Capacity of the channel of changes.
const CHANGES_CAPACITY: usize = 4096;
