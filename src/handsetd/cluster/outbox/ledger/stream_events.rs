//! Applies events of the stream, and derives their effects.

use std::sync::Arc;

use handset_cluster::Position;

use super::{Effect, FileState, Ledger, Location};
use crate::cluster::outbox::message::{Key, Message, State};
use crate::outbox::OutboxEntry;

impl Ledger {
    /// Prepares for reading the stream again.
    pub(in crate::cluster::outbox) fn start_rereading(&mut self) {
        self.unconfirmed = Some(self.stream.keys().cloned().collect());
    }

    /// Applies a message of the stream.
    pub(in crate::cluster::outbox) fn put(
        &mut self,
        key: &Key,
        position: Position,
        message: &Message,
        entry: impl FnOnce() -> OutboxEntry,
    ) -> Vec<Effect> {
        if let Some(unconfirmed) = &mut self.unconfirmed {
            unconfirmed.remove(key);
        }
        let is_own = message.holder == self.own;
        let is_ended = self
            .stream
            .get(key)
            .is_some_and(|entry| entry.owner.is_none());
        if is_own && is_ended {
            // Written before this daemon ended it.
            return Vec::new();
        }
        // The stream reports in order: a message reported after a removal exists.
        self.removed.remove(key);
        let is_new = self.record(key, position, message);
        let Some(number) = self.numbers.get(key).copied() else {
            if !is_own || !is_new {
                return Vec::new();
            }
            // Other entries for the phone may have waited for this one to get a live holder.
            let refresh = Effect::Refresh(key.phone.clone());
            return vec![self.adopt(key, message, entry()), refresh];
        };
        let mut effects = Vec::new();
        let Some(held) = self.held.get_mut(&number) else {
            return effects;
        };
        let is_kept = match held.location {
            // Only for a message exactly as this daemon appended it: another version may have been sent.
            Location::File { row, .. } => {
                effects.push(Effect::DeleteRow(row));
                is_own && message.state == State::Pending
            }
            Location::Appending | Location::Deleted | Location::Stream => is_own || !is_new,
        };
        match held.location {
            _ if !is_kept => {
                self.forget(number);
                effects.push(Effect::Refresh(key.phone.clone()));
            }
            Location::File { .. } => {
                held.location = Location::Stream;
                effects.push(Effect::Refresh(key.phone.clone()));
            }
            Location::Appending => held.location = Location::Stream,
            Location::Deleted | Location::Stream => {}
        }
        effects
    }

    fn adopt(&mut self, key: &Key, message: &Message, entry: OutboxEntry) -> Effect {
        let origin = message.origin.clone();
        let is_remote = origin.daemon != self.own.daemon;
        let report_to = is_remote.then(|| origin.clone());
        let from = (origin, message.home.clone());
        let number = self.insert_from(key.clone(), Arc::new(entry), from, Location::Stream);
        if let Some(held) = self.held.get_mut(&number) {
            held.is_claimed = message.state == State::InFlight;
        }
        Effect::Adopt {
            number,
            state: message.state,
            report_to,
        }
    }

    /// Applies the removal of the message of a key.
    pub(in crate::cluster::outbox) fn removed(&mut self, key: &Key) -> Vec<Effect> {
        if let Some(unconfirmed) = &mut self.unconfirmed {
            unconfirmed.remove(key);
        }
        self.removed.add(key);
        let entry = self.stream.remove(key);
        if let Some(entry) = &entry {
            self.remove_from_phone(key, entry.position.first);
        }
        let owner = entry.and_then(|entry| entry.owner);
        let mut has_changed = owner.is_some_and(|owner| owner.holder != self.own);
        let mut effects = Vec::new();
        if let Some(number) = self.numbers.get(key).copied()
            && let Some(held) = self.held.get(&number)
        {
            match held.location {
                // Claimed, so this daemon has removed it, without an acknowledgement: it has yet to report its end.
                Location::Stream if held.is_claimed => {
                    if let Some(held) = self.held.get_mut(&number) {
                        held.location = Location::Deleted;
                    }
                }
                Location::Stream => {
                    self.forget(number);
                    has_changed = true;
                }
                // It was appended, and another daemon has ended it since.
                Location::File {
                    row,
                    state: FileState::Moving,
                } => {
                    self.forget(number);
                    effects.push(Effect::DeleteRow(row));
                    has_changed = true;
                }
                Location::File { .. } | Location::Appending | Location::Deleted => {}
            }
        }
        if has_changed {
            effects.push(Effect::Refresh(key.phone.clone()));
        }
        effects
    }

    /// Applies the end of reading: entries that were not received are gone.
    pub(in crate::cluster::outbox) fn finish_reading(&mut self) -> Vec<Effect> {
        self.is_read = true;
        let unconfirmed = self.unconfirmed.take().unwrap_or_default();
        unconfirmed
            .iter()
            .flat_map(|key| self.removed(key))
            .collect()
    }

    /// Applies a message that was read after a conflict. Returns whether this daemon holds it.
    pub(in crate::cluster::outbox) fn reread(
        &mut self,
        key: &Key,
        found: Option<(Position, &Message)>,
    ) -> bool {
        let Some((position, message)) = found else {
            // Another daemon had it and has ended it. It stays known until the stream reports that.
            if let Some(number) = self.numbers.get(key).copied() {
                self.end(number);
            }
            return false;
        };
        self.record(key, position, message);
        let is_own = message.holder == self.own;
        if !is_own && let Some(number) = self.numbers.get(key).copied() {
            self.forget(number);
        }
        is_own
    }
}
