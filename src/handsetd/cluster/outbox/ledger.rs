//! The known entries of the stream, and which of them this daemon holds. Pure: it decides, other modules act.
//!
//! A message of the stream names its holder. Messages replace each other by compare-and-set, so one of several
//! competing daemons wins. Messages arrive late here; therefore a position never decreases,
//! and an entry that has ended stays known until the stream reports its removal.
//!
//! ```text
//!               appended here          appended elsewhere, or taken over
//!                    │                                │
//!     file           ▼                                ▼
//!  (migrated) ──────► held: Pending ──── claim ──► held: InFlight ──► removed
//!                    │      ▲                        │
//!       handed over, │      └──── nothing was sent ──┘
//!  taken over, ended ▼
//!         of another daemon
//! ```

mod decisions;
mod file_entries;
mod removed_keys;
mod stream_events;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use handset_cluster::Position;
use tokio::time::Instant;

use super::message::{Holder, Key, Message, State};
use crate::outbox::OutboxEntry;

pub(super) use decisions::{HolderChange, View};
use removed_keys::RemovedKeys;

/// The entries.
#[derive(Debug)]
pub(super) struct Ledger {
    own: Holder,
    /// The messages of the stream.
    stream: HashMap<Key, StreamEntry>,
    /// The same messages by phone, in order.
    by_phone: HashMap<String, BTreeMap<u64, Key>>,
    /// The entries that this daemon holds.
    held: HashMap<u64, Held>,
    numbers: HashMap<Key, u64>,
    next_number: u64,
    /// The keys not yet received again while the stream is being read again.
    unconfirmed: Option<HashSet<Key>>,
    /// Whether the stream has been read once.
    is_read: bool,
    /// The holders that are not live, and since when.
    absent_since: HashMap<String, Instant>,
    removed: RemovedKeys,
}

/// A message of the stream.
#[derive(Debug)]
struct StreamEntry {
    position: Position,
    /// The holder and its data; `None` once it has ended here and the stream has not reported that yet.
    owner: Option<EntryOwner>,
}

#[derive(Clone, Debug)]
struct EntryOwner {
    holder: Holder,
    state: State,
    origin: Holder,
    home: String,
    phone_ref: String,
    /// The request id and the name of the phone.
    name: (String, String),
}

/// An entry that this daemon delivers.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is true or not, whatever the others are"
)]
pub(super) struct Held {
    pub(super) key: Key,
    pub(super) entry: Arc<OutboxEntry>,
    pub(super) origin: Holder,
    pub(super) home: String,
    pub(super) location: Location,
    /// Since when this daemon has found the phone unreachable.
    pub(super) unreachable_since: Option<Instant>,
    /// Whether it is being sent or ended, or is about to be: then it is not handed over. It may be in flight
    /// in the stream without that, if the reply was lost.
    pub(super) is_claimed: bool,
    /// Whether it was cancelled, so that it is not handed over.
    pub(super) is_cancelled: bool,
    /// Whether it is too long for the stream, so that it stays in the file.
    pub(super) is_too_long: bool,
    /// Whether the dispatcher of this process has it.
    is_adopted: bool,
    /// Since when it waits for an earlier delivery that another daemon has.
    waiting_since: Option<Instant>,
}

/// The location of an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Location {
    /// It is being appended to the stream.
    Appending,
    /// In neither: it was cancelled, and the delivery has not ended yet.
    Deleted,
    /// In the local file.
    File { row: u64, state: FileState },
    /// In the stream.
    Stream,
}

/// The state of an entry in the local file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FileState {
    InFlight,
    /// It was, or is about to be, appended to the stream: it must not be sent from here.
    Moving,
    Pending,
}

/// The effect of a message.
#[derive(Debug)]
pub(super) enum Effect {
    /// This daemon delivers the entry from now on, and reports the outcome to the daemon `report_to`, if any.
    Adopt {
        number: u64,
        state: State,
        report_to: Option<Holder>,
    },
    /// The row of the local file is in the stream now.
    DeleteRow(u64),
    /// The entries for a phone have changed.
    Refresh(String),
}

impl Ledger {
    /// Creates an empty ledger of the daemon `own`.
    pub(super) fn new(own: Holder) -> Self {
        Self {
            own,
            stream: HashMap::new(),
            by_phone: HashMap::new(),
            held: HashMap::new(),
            numbers: HashMap::new(),
            next_number: 1,
            unconfirmed: None,
            is_read: false,
            absent_since: HashMap::new(),
            removed: RemovedKeys::default(),
        }
    }

    pub(super) fn own(&self) -> &Holder {
        &self.own
    }

    /// Returns whether the content of the stream is known.
    pub(super) fn is_current(&self) -> bool {
        self.is_read && self.unconfirmed.is_none()
    }

    /// Returns the number of entries that this daemon holds.
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    pub(super) fn held(&self, number: u64) -> Option<&Held> {
        self.held.get(&number)
    }

    pub(super) fn held_mut(&mut self, number: u64) -> Option<&mut Held> {
        self.held.get_mut(&number)
    }

    /// Returns the numbers of all entries that this daemon holds.
    pub(super) fn numbers(&self) -> impl Iterator<Item = (u64, &Held)> {
        self.held.iter().map(|(number, held)| (*number, held))
    }

    /// Returns the number of entries for a phone in the stream.
    pub(super) fn count_of(&self, phone: &str) -> usize {
        self.by_phone.get(phone).map_or(0, BTreeMap::len)
    }

    /// Adds an entry that this daemon holds; returns its number.
    pub(super) fn insert(
        &mut self,
        key: Key,
        entry: Arc<OutboxEntry>,
        home: String,
        location: Location,
    ) -> u64 {
        let origin = self.own.clone();
        self.insert_from(key, entry, (origin, home), location)
    }

    fn insert_from(
        &mut self,
        key: Key,
        entry: Arc<OutboxEntry>,
        (origin, home): (Holder, String),
        location: Location,
    ) -> u64 {
        let number = self.next_number;
        self.next_number = number.saturating_add(1);
        self.numbers.insert(key.clone(), number);
        let held = Held {
            key,
            entry,
            origin,
            home,
            location,
            unreachable_since: None,
            is_claimed: false,
            is_cancelled: false,
            is_too_long: false,
            is_adopted: true,
            waiting_since: None,
        };
        self.held.insert(number, held);
        number
    }

    /// Forgets an entry that this daemon does not hold, or that has ended.
    pub(super) fn forget(&mut self, number: u64) -> Option<Held> {
        let held = self.held.remove(&number)?;
        if self.numbers.get(&held.key) == Some(&number) {
            self.numbers.remove(&held.key);
        }
        Some(held)
    }

    /// Forgets an entry whose message has been removed or is being removed. Further messages of it are
    /// ignored.
    pub(super) fn end(&mut self, number: u64) {
        let Some(held) = self.forget(number) else {
            return;
        };
        if let Some(entry) = self.stream.get_mut(&held.key) {
            entry.owner = None;
        }
    }

    /// Records that the message of an entry was removed whose delivery has not ended yet.
    pub(super) fn record_removed(&mut self, number: u64) {
        if let Some(held) = self.held.get_mut(&number) {
            held.location = Location::Deleted;
            if let Some(entry) = self.stream.get_mut(&held.key) {
                entry.owner = None;
            }
        }
    }

    /// Returns the request id and the phone of each entry.
    pub(super) fn names(&self) -> HashSet<(String, String)> {
        let owner = self
            .stream
            .values()
            .filter_map(|entry| entry.owner.as_ref());
        let names = owner.map(|owner| owner.name.clone());
        let held = self.held.values();
        let held = held.map(|held| (held.entry.id.clone(), held.entry.phone.clone()));
        names.chain(held).collect()
    }

    /// Returns the known number of entries in the stream.
    pub(super) fn stream_len(&self) -> usize {
        self.stream.len()
    }

    /// Resets the times at which holders became absent: for a while, that could not be determined.
    pub(super) fn forget_absent(&mut self) {
        self.absent_since.clear();
    }

    /// Returns the order of an entry among those for its phone: entries of the file come after those of the
    /// stream.
    pub(super) fn order(&self, number: u64) -> u64 {
        match self.held.get(&number) {
            Some(held) => match (held.location, self.stream.get(&held.key)) {
                (Location::File { row, .. }, _) => FIRST_ROW.saturating_add(row),
                (_, Some(entry)) => entry.position.first,
                (_, None) => FIRST_ROW.saturating_sub(1),
            },
            None => number,
        }
    }

    /// Returns the known position and state of an entry in the stream.
    pub(super) fn position(&self, key: &Key) -> Option<(Position, State)> {
        let entry = self.stream.get(key)?;
        Some((entry.position, entry.owner.as_ref()?.state))
    }

    /// Records a message that this daemon has written, at `position`.
    pub(super) fn record_written(&mut self, key: &Key, position: Position, message: &Message) {
        self.record(key, position, message);
        if let Some(held) = self.held_of(key)
            && held.location == Location::Appending
        {
            held.location = Location::Stream;
        }
    }

    fn held_of(&mut self, key: &Key) -> Option<&mut Held> {
        self.held.get_mut(self.numbers.get(key)?)
    }

    /// Records a message, unless that or a later one is known; returns whether it was recorded.
    fn record(&mut self, key: &Key, position: Position, message: &Message) -> bool {
        let known = self.stream.get(key);
        if known.is_some_and(|known| known.position.last >= position.last)
            || self.removed.contains(key)
        {
            return false;
        }
        if let Some(earlier) = known.map(|known| known.position.first)
            && earlier != position.first
        {
            self.remove_from_phone(key, earlier);
        }
        let owner = EntryOwner {
            holder: message.holder.clone(),
            state: message.state,
            origin: message.origin.clone(),
            home: message.home.clone(),
            phone_ref: message.entry.phone_ref.clone(),
            name: message.entry.name(),
        };
        let owner = Some(owner);
        self.stream
            .insert(key.clone(), StreamEntry { position, owner });
        let of_phone = self.by_phone.entry(key.phone.clone()).or_default();
        of_phone.insert(position.first, key.clone());
        true
    }

    fn remove_from_phone(&mut self, key: &Key, first: u64) {
        if let Some(of_phone) = self.by_phone.get_mut(&key.phone) {
            of_phone.remove(&first);
            if of_phone.is_empty() {
                self.by_phone.remove(&key.phone);
            }
        }
    }
}

/// The order of file entries starts here, after all positions of the stream.
const FIRST_ROW: u64 = 1 << 62;
