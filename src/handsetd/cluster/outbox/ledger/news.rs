//! Applies messages of the stream, and derives their effects.

use std::sync::Arc;

use handset_cluster::Position;

use super::{Effect, FileState, Ledger, Place};
use crate::cluster::outbox::message::{Key, Message, State};
use crate::outbox::OutboxEntry;

impl Ledger {
    /// Prepares for reading the stream again.
    pub(in crate::cluster::outbox) fn interrupted(&mut self) {
        self.untold = Some(self.items.keys().cloned().collect());
    }

    /// Applies a message of the stream.
    pub(in crate::cluster::outbox) fn put(
        &mut self,
        key: &Key,
        position: Position,
        message: &Message,
        entry: impl FnOnce() -> OutboxEntry,
    ) -> Vec<Effect> {
        if let Some(untold) = &mut self.untold {
            untold.remove(key);
        }
        let is_own = message.holder == self.own;
        let is_ended = self.items.get(key).is_some_and(|item| item.owned.is_none());
        if is_own && is_ended {
            // Written before this daemon ended it.
            return Vec::new();
        }
        // The stream reports in order: what it reports after a removal is there.
        self.gone.remove(key);
        let is_news = self.note(key, position, message);
        let Some(number) = self.numbers.get(key).copied() else {
            if !is_own || !is_news {
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
        let is_kept = match held.place {
            // Only for a message exactly as this daemon appended it: another version may have been sent.
            Place::File { row, .. } => {
                effects.push(Effect::DeleteRow(row));
                is_own && message.state == State::Pending
            }
            Place::Appending | Place::Deleted | Place::Stream => is_own || !is_news,
        };
        match held.place {
            _ if !is_kept => {
                self.forget(number);
                effects.push(Effect::Refresh(key.phone.clone()));
            }
            Place::File { .. } => {
                held.place = Place::Stream;
                effects.push(Effect::Refresh(key.phone.clone()));
            }
            Place::Appending => held.place = Place::Stream,
            Place::Deleted | Place::Stream => {}
        }
        effects
    }

    fn adopt(&mut self, key: &Key, message: &Message, entry: OutboxEntry) -> Effect {
        let asker = message.asker.clone();
        let is_told = asker.daemon != self.own.daemon;
        let told = is_told.then(|| asker.clone());
        let origin = (asker, message.home.clone());
        let number = self.insert_asked_by(key.clone(), Arc::new(entry), origin, Place::Stream);
        if let Some(held) = self.held.get_mut(&number) {
            held.is_claimed = message.state == State::InFlight;
        }
        Effect::Adopt {
            number,
            state: message.state,
            asker: told,
        }
    }

    /// Applies the removal of the message of a key.
    pub(in crate::cluster::outbox) fn removed(&mut self, key: &Key) -> Vec<Effect> {
        if let Some(untold) = &mut self.untold {
            untold.remove(key);
        }
        self.gone.add(key);
        let item = self.items.remove(key);
        if let Some(item) = &item {
            self.remove_from_phone(key, item.position.first);
        }
        let others = item.and_then(|item| item.owned);
        let mut is_news = others.is_some_and(|owned| owned.holder != self.own);
        let mut effects = Vec::new();
        if let Some(number) = self.numbers.get(key).copied()
            && let Some(held) = self.held.get(&number)
        {
            match held.place {
                // Claimed, so this daemon has removed it, without an acknowledgement: it has yet to report its end.
                Place::Stream if held.is_claimed => {
                    if let Some(held) = self.held.get_mut(&number) {
                        held.place = Place::Deleted;
                    }
                }
                Place::Stream => {
                    self.forget(number);
                    is_news = true;
                }
                // It was appended, and another daemon has ended it since.
                Place::File {
                    row,
                    state: FileState::Moving,
                } => {
                    self.forget(number);
                    effects.push(Effect::DeleteRow(row));
                    is_news = true;
                }
                Place::File { .. } | Place::Appending | Place::Deleted => {}
            }
        }
        if is_news {
            effects.push(Effect::Refresh(key.phone.clone()));
        }
        effects
    }

    /// Applies the end of reading: entries that were not received are gone.
    pub(in crate::cluster::outbox) fn current(&mut self) -> Vec<Effect> {
        self.is_read = true;
        let untold = self.untold.take().unwrap_or_default();
        untold.iter().flat_map(|key| self.removed(key)).collect()
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
        self.note(key, position, message);
        let is_own = message.holder == self.own;
        if !is_own && let Some(number) = self.numbers.get(key).copied() {
            self.forget(number);
        }
        is_own
    }
}
