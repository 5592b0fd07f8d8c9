//! The entries of the local file, until they are migrated to the stream.

use std::sync::Arc;

use handset_cluster::Position;

use super::{Effect, FileState, Ledger, Location};
use crate::cluster::outbox::message::{Key, Message, State};
use crate::outbox::OutboxEntry;

impl Ledger {
    /// Returns whether this daemon has entries for a phone in its file.
    pub(in crate::cluster::outbox) fn has_rows_of(&self, phone: &str) -> bool {
        let mut held = self.held.values();
        held.any(|held| {
            let is_in_file = matches!(held.location, Location::File { .. });
            is_in_file && !held.is_too_long && held.key.phone == phone
        })
    }

    /// Adds an entry of the file that an earlier start of this daemon may have appended to the stream. Until
    /// that is known, no daemon delivers it.
    pub(in crate::cluster::outbox) fn insert_uncertain(
        &mut self,
        key: Key,
        entry: Arc<OutboxEntry>,
        row: u64,
    ) {
        let state = FileState::Moving;
        let home = self.own.daemon.clone();
        let number = self.insert(key, entry, home, Location::File { row, state });
        if let Some(held) = self.held.get_mut(&number) {
            held.is_adopted = false;
        }
    }

    /// Ends an entry of the file as unknown: it may have been in the stream, and been sent by another daemon.
    pub(in crate::cluster::outbox) fn end_as_unknown(&mut self, number: u64) -> Vec<Effect> {
        let Some(held) = self.forget(number) else {
            return Vec::new();
        };
        let Location::File { row, .. } = held.location else {
            return Vec::new();
        };
        let location = Location::File {
            row,
            state: FileState::InFlight,
        };
        let phone = held.key.phone.clone();
        let number = self.insert(held.key, held.entry, held.home, location);
        let adopt = Effect::Adopt {
            number,
            state: State::InFlight,
            report_to: None,
        };
        vec![adopt, Effect::Refresh(phone)]
    }

    /// Records that an entry of the file was appended to the stream.
    pub(in crate::cluster::outbox) fn record_migrated(
        &mut self,
        number: u64,
        position: Position,
        message: &Message,
    ) -> Vec<Effect> {
        let Some(held) = self.held.get_mut(&number) else {
            return Vec::new();
        };
        held.location = Location::Stream;
        let (key, is_adopted) = (held.key.clone(), held.is_adopted);
        held.is_adopted = true;
        self.record(&key, position, message);
        let mut effects = vec![Effect::Refresh(key.phone.clone())];
        if message.holder != self.own {
            self.forget(number);
        } else if !is_adopted {
            effects.push(Effect::Adopt {
                number,
                state: State::Pending,
                report_to: None,
            });
        }
        effects
    }

    /// Returns the entries of the file that must be migrated to the stream, in order.
    pub(in crate::cluster::outbox) fn rows(&self, limit: usize) -> Vec<(u64, u64, FileState)> {
        let mut rows: Vec<_> = self
            .held
            .iter()
            .filter(|(_, held)| !held.is_too_long)
            .filter_map(|(number, held)| match held.location {
                Location::File {
                    state: FileState::InFlight,
                    ..
                } => None,
                Location::File { row, state } => Some((*number, row, state)),
                _ => None,
            })
            .collect();
        rows.sort_by_key(|(_, row, _)| *row);
        rows.truncate(limit);
        rows
    }

    /// Changes the state of an entry in the file from one to another; returns whether it was in the former.
    pub(in crate::cluster::outbox) fn change_file_state(
        &mut self,
        number: u64,
        from: FileState,
        to: FileState,
    ) -> bool {
        match self.held.get_mut(&number).map(|held| &mut held.location) {
            Some(Location::File { state, .. }) if *state == from => {
                *state = to;
                true
            }
            _ => false,
        }
    }
}
