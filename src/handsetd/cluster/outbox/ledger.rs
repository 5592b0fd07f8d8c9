//! The known entries of the stream, and which of them this daemon holds. Pure: it decides, other modules act.
//!
//! A message of the stream names its holder. Messages replace each other by compare-and-set, so of two
//! daemons that want an entry one gets it. Messages arrive late here; therefore a position never decreases,
//! and an entry that has ended stays known until the stream reports its removal.
//!
//! ```text
//!               appended here              appended elsewhere, or taken
//!                    │                                │
//!     file           ▼                                ▼
//!   (moved) ──────► held: Pending ──── claim ──► held: InFlight ──► removed
//!                    │      ▲                        │
//!       handed over, │      └──── nothing was sent ──┘
//!       taken, ended ▼
//!                 another's
//! ```

mod decisions;
mod news;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use handset_cluster::Position;
use tokio::time::Instant;

use super::message::{Holder, Key, Message, State};
use crate::outbox::OutboxEntry;

pub(super) use decisions::{Step, View};

/// The entries.
#[derive(Debug)]
pub(super) struct Ledger {
    own: Holder,
    /// The messages of the stream.
    items: HashMap<Key, Item>,
    /// The same messages by phone, in order.
    by_phone: HashMap<String, BTreeMap<u64, Key>>,
    /// The entries that this daemon holds.
    held: HashMap<u64, Held>,
    numbers: HashMap<Key, u64>,
    next_number: u64,
    /// The keys not yet received since the stream is being read again; `None` if it is not.
    untold: Option<HashSet<Key>>,
    /// Whether the stream has been read once.
    is_read: bool,
    /// The holders that are not live, and when that was noticed.
    missing: HashMap<String, Instant>,
    gone: Gone,
}

/// The keys whose messages were removed recently: a late reply must not bring them back.
#[derive(Debug, Default)]
struct Gone {
    keys: HashSet<Key>,
    in_order: VecDeque<Key>,
}

/// A message of the stream.
#[derive(Debug)]
struct Item {
    position: Position,
    /// The holder and its data; `None` once it has ended here and the stream has not reported that yet.
    owned: Option<Owned>,
}

#[derive(Clone, Debug)]
struct Owned {
    holder: Holder,
    state: State,
    asker: Holder,
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
    pub(super) asker: Holder,
    pub(super) home: String,
    pub(super) place: Place,
    /// Since when this daemon has found the phone unreachable.
    pub(super) unreachable_since: Option<Instant>,
    /// Whether it is being sent or ended, or is about to be: then it is not given away. It may be in flight
    /// in the stream without that, if the reply was lost.
    pub(super) is_claimed: bool,
    /// Whether it was cancelled, so that no other daemon may get it.
    pub(super) is_cancelled: bool,
    /// Whether it is too long for the stream, so that it stays in the file.
    pub(super) is_too_long: bool,
    /// Whether the dispatcher of this process has it.
    is_adopted: bool,
    /// Since when it waits for an earlier delivery that another daemon has.
    waiting_since: Option<Instant>,
}

/// The place of an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
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
    /// This daemon delivers the entry from now on; the outcome is reported to the asker, if one is given.
    Adopt {
        number: u64,
        state: State,
        asker: Option<Holder>,
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
            items: HashMap::new(),
            by_phone: HashMap::new(),
            held: HashMap::new(),
            numbers: HashMap::new(),
            next_number: 1,
            untold: None,
            is_read: false,
            missing: HashMap::new(),
            gone: Gone::default(),
        }
    }

    pub(super) fn own(&self) -> &Holder {
        &self.own
    }

    /// Returns whether the content of the stream is known.
    pub(super) fn is_current(&self) -> bool {
        self.is_read && self.untold.is_none()
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

    /// Returns whether this daemon has entries for a phone in its file.
    pub(super) fn has_rows_of(&self, phone: &str) -> bool {
        let mut held = self.held.values();
        held.any(|held| {
            let is_in_file = matches!(held.place, Place::File { .. });
            is_in_file && !held.is_too_long && held.key.phone == phone
        })
    }

    /// Adds an entry that this daemon holds; returns its number.
    pub(super) fn insert(
        &mut self,
        key: Key,
        entry: Arc<OutboxEntry>,
        home: String,
        place: Place,
    ) -> u64 {
        let asker = self.own.clone();
        self.insert_asked_by(key, entry, (asker, home), place)
    }

    fn insert_asked_by(
        &mut self,
        key: Key,
        entry: Arc<OutboxEntry>,
        (asker, home): (Holder, String),
        place: Place,
    ) -> u64 {
        let number = self.next_number;
        self.next_number = number.saturating_add(1);
        self.numbers.insert(key.clone(), number);
        let held = Held {
            key,
            entry,
            asker,
            home,
            place,
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

    /// Adds an entry of the file that an earlier start of this daemon may have appended to the stream. Until
    /// that is known, no daemon delivers it.
    pub(super) fn insert_doubtful(&mut self, key: Key, entry: Arc<OutboxEntry>, row: u64) {
        let state = FileState::Moving;
        let home = self.own.daemon.clone();
        let number = self.insert(key, entry, home, Place::File { row, state });
        if let Some(held) = self.held.get_mut(&number) {
            held.is_adopted = false;
        }
    }

    /// Forgets an entry that this daemon does not hold, or that has ended.
    pub(super) fn forget(&mut self, number: u64) -> Option<Held> {
        let held = self.held.remove(&number)?;
        if self.numbers.get(&held.key) == Some(&number) {
            self.numbers.remove(&held.key);
        }
        Some(held)
    }

    /// Lets an entry of the file end as unknown: it may have been in the stream, and been sent by another daemon.
    pub(super) fn in_doubt(&mut self, number: u64) -> Vec<Effect> {
        let Some(held) = self.forget(number) else {
            return Vec::new();
        };
        let Place::File { row, .. } = held.place else {
            return Vec::new();
        };
        let place = Place::File {
            row,
            state: FileState::InFlight,
        };
        let phone = held.key.phone.clone();
        let number = self.insert(held.key, held.entry, held.home, place);
        let adopt = Effect::Adopt {
            number,
            state: State::InFlight,
            asker: None,
        };
        vec![adopt, Effect::Refresh(phone)]
    }

    /// Forgets an entry whose message has been removed or is being removed. Further messages of it are
    /// ignored.
    pub(super) fn end(&mut self, number: u64) {
        let Some(held) = self.forget(number) else {
            return;
        };
        if let Some(item) = self.items.get_mut(&held.key) {
            item.owned = None;
        }
    }

    /// Records that the message of an entry was removed whose delivery has not ended yet.
    pub(super) fn deleted(&mut self, number: u64) {
        if let Some(held) = self.held.get_mut(&number) {
            held.place = Place::Deleted;
            if let Some(item) = self.items.get_mut(&held.key) {
                item.owned = None;
            }
        }
    }

    /// Records that an entry of the file was appended to the stream.
    pub(super) fn moved(
        &mut self,
        number: u64,
        position: Position,
        message: &Message,
    ) -> Vec<Effect> {
        let Some(held) = self.held.get_mut(&number) else {
            return Vec::new();
        };
        held.place = Place::Stream;
        let (key, is_adopted) = (held.key.clone(), held.is_adopted);
        held.is_adopted = true;
        let asker = None;
        self.note(&key, position, message);
        let mut effects = vec![Effect::Refresh(key.phone.clone())];
        if message.holder != self.own {
            self.forget(number);
        } else if !is_adopted {
            let state = State::Pending;
            effects.push(Effect::Adopt {
                number,
                state,
                asker,
            });
        }
        effects
    }

    /// Returns the entries of the file that must be moved to the stream, in order.
    pub(super) fn rows(&self, limit: usize) -> Vec<(u64, u64, FileState)> {
        let mut rows: Vec<_> = self
            .held
            .iter()
            .filter(|(_, held)| !held.is_too_long)
            .filter_map(|(number, held)| match held.place {
                Place::File {
                    state: FileState::InFlight,
                    ..
                } => None,
                Place::File { row, state } => Some((*number, row, state)),
                _ => None,
            })
            .collect();
        rows.sort_by_key(|(_, row, _)| *row);
        rows.truncate(limit);
        rows
    }

    /// Changes the state of an entry in the file from one to another; returns whether it was in the former.
    pub(super) fn exchange(&mut self, number: u64, from: FileState, to: FileState) -> bool {
        match self.held.get_mut(&number).map(|held| &mut held.place) {
            Some(Place::File { state, .. }) if *state == from => {
                *state = to;
                true
            }
            _ => false,
        }
    }

    /// Returns the request id and the phone of each entry.
    pub(super) fn names(&self) -> HashSet<(String, String)> {
        let owned = self.items.values().filter_map(|item| item.owned.as_ref());
        let names = owned.map(|owned| owned.name.clone());
        let held = self.held.values();
        let held = held.map(|held| (held.entry.id.clone(), held.entry.phone.clone()));
        names.chain(held).collect()
    }

    /// Returns the known number of entries in the stream.
    pub(super) fn stream_len(&self) -> usize {
        self.items.len()
    }

    /// Resets the times at which daemons were lost: for a while, that could not be determined.
    pub(super) fn forget_missing(&mut self) {
        self.missing.clear();
    }

    /// Returns the order of an entry among those for its phone: entries of the file come after those of the
    /// stream.
    pub(super) fn order(&self, number: u64) -> u64 {
        match self.held.get(&number) {
            Some(held) => match (held.place, self.items.get(&held.key)) {
                (Place::File { row, .. }, _) => FIRST_ROW.saturating_add(row),
                (_, Some(item)) => item.position.first,
                (_, None) => FIRST_ROW.saturating_sub(1),
            },
            None => number,
        }
    }

    /// Returns the known position and state of an entry in the stream.
    pub(super) fn position(&self, key: &Key) -> Option<(Position, State)> {
        let item = self.items.get(key)?;
        Some((item.position, item.owned.as_ref()?.state))
    }

    /// Records a message that this daemon has written, at `position`.
    pub(super) fn written(&mut self, key: &Key, position: Position, message: &Message) {
        self.note(key, position, message);
        if let Some(held) = self.held_of(key)
            && held.place == Place::Appending
        {
            held.place = Place::Stream;
        }
    }

    fn held_of(&mut self, key: &Key) -> Option<&mut Held> {
        self.held.get_mut(self.numbers.get(key)?)
    }

    /// Records a message, unless that or a later one is known; returns whether it was recorded.
    fn note(&mut self, key: &Key, position: Position, message: &Message) -> bool {
        let known = self.items.get(key);
        if known.is_some_and(|known| known.position.last >= position.last)
            || self.gone.keys.contains(key)
        {
            return false;
        }
        if let Some(earlier) = known.map(|known| known.position.first)
            && earlier != position.first
        {
            self.remove_from_phone(key, earlier);
        }
        let owned = Owned {
            holder: message.holder.clone(),
            state: message.state,
            asker: message.asker.clone(),
            home: message.home.clone(),
            phone_ref: message.entry.phone_ref.clone(),
            name: message.entry.name(),
        };
        let owned = Some(owned);
        self.items.insert(key.clone(), Item { position, owned });
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

impl Gone {
    fn add(&mut self, key: &Key) {
        if self.keys.insert(key.clone()) {
            self.in_order.push_back(key.clone());
        }
        if self.in_order.len() > MAX_GONE
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.keys.remove(&oldest);
        }
    }

    fn remove(&mut self, key: &Key) {
        if self.keys.remove(key) {
            self.in_order.retain(|other| other != key);
        }
    }
}

/// Maximum number of remembered keys of removed messages: more than can be removed while a reply is on its
/// way.
const MAX_GONE: usize = 8192;

/// The order of file entries starts here, after all positions of the stream.
const FIRST_ROW: u64 = 1 << 62;
