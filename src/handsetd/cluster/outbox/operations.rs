//! Operations on entries, in the stream and in the file.

use std::sync::Arc;
use std::time::Duration;

use handset_cluster::Position;
use tokio::time::{Instant, timeout};
use tracing::warn;

use super::file_rows::FileRows;
use super::ledger::{FileState, Place, View};
use super::message::{Entry, Holder, Key, Message, State, is_bound};
use super::shared::Shared;
use super::stream::{Away, NotAppended, NotReplaced};
use crate::outbox::{EntryState, Error, Inserted, OutboxEntry};

impl Shared {
    /// Inserts an entry into the stream, or into the file while NATS is away.
    pub(super) async fn insert(&self, entry: OutboxEntry, phone: &str) -> Result<Inserted, Error> {
        let patience = START_PATIENCE.saturating_sub(self.started.elapsed());
        if !patience.is_zero() && self.daemons.away().is_some() {
            self.daemons.settle(patience).await;
        }
        let key = Key::of(&entry, phone);
        if self.ledger.lock().count_of(phone) >= MAX_PER_PHONE {
            return Err(Error::PhoneFull);
        }
        if !self.uses_stream(phone) {
            return self.insert_in_file(key, entry, FileState::Pending).await;
        }
        self.append(key, entry).await
    }

    async fn append(&self, key: Key, entry: OutboxEntry) -> Result<Inserted, Error> {
        let own = self.daemons.own();
        let holder = self.holder_for(&key, &entry);
        let message = Message {
            state: State::Pending,
            asker: own.clone(),
            home: holder.daemon.clone(),
            entry: Entry::from(&entry),
            holder: holder.clone(),
        };
        if holder != *own {
            let result = self.waiting.register(&key.delivery, holder.daemon.clone());
            let daemon = holder.daemon;
            return match self.stream.append(&key, message.to_bytes()).await {
                Ok(position) => {
                    self.ledger.lock().written(&key, position, &message);
                    Ok(Inserted::Remote { daemon, result })
                }
                // Appended by this very request: it was repeated because its acknowledgement was late.
                Err(NotAppended::Exists) => Ok(Inserted::Remote { daemon, result }),
                Err(error) => self.append_failed(key, entry, error).await,
            };
        }
        let home = own.daemon.clone();
        let number = {
            let mut ledger = self.ledger.lock();
            let entry = Arc::new(entry.clone());
            ledger.insert(key.clone(), entry, home, Place::Appending)
        };
        let error = match self.stream.append(&key, message.to_bytes()).await {
            Ok(position) => {
                self.ledger.lock().written(&key, position, &message);
                self.until_told(position).await;
                return Ok(Inserted::Local(number));
            }
            Err(error) => error,
        };
        if error == NotAppended::Exists
            && let Ok(Some((position, _))) = self.stream.read(&key).await
        {
            self.ledger.lock().written(&key, position, &message);
            return Ok(Inserted::Local(number));
        }
        let is_told = {
            let ledger = self.ledger.lock();
            let place = ledger.held(number).map(|held| held.place);
            place.is_some_and(|place| place != Place::Appending)
        };
        if is_told {
            return Ok(Inserted::Local(number));
        }
        self.ledger.lock().forget(number);
        self.append_failed(key, entry, error).await
    }

    /// Waits until the stream has reported an entry, and so everything before it: earlier entries for its
    /// phone go first.
    pub(super) async fn until_told(&self, position: Position) {
        let mut told = self.told.subscribe();
        let told = told.wait_for(|told| *told >= position.first);
        let _ = timeout(TELL_PATIENCE, told).await;
    }

    /// Inserts an entry into the file that either was not appended to the stream or may have been.
    async fn append_failed(
        &self,
        key: Key,
        entry: OutboxEntry,
        error: NotAppended,
    ) -> Result<Inserted, Error> {
        match error {
            NotAppended::Full => {
                let count = self.ledger.lock().stream_len();
                Err(Error::Full { count })
            }
            NotAppended::Away(_) | NotAppended::Invalid(_) => {
                self.insert_in_file(key, entry, FileState::Pending).await
            }
            NotAppended::Exists | NotAppended::Unknown(_) => {
                let inserted = self.insert_in_file(key, entry, FileState::Moving).await;
                // The stream may have it, so this daemon must not send it directly.
                inserted.map_err(|error| Error::Uncertain(error.to_string()))
            }
        }
    }

    async fn insert_in_file(
        &self,
        key: Key,
        entry: OutboxEntry,
        state: FileState,
    ) -> Result<Inserted, Error> {
        let file = self.file()?;
        let row = file.insert(entry.clone(), entry_state(state)).await?;
        let home = self.daemons.own().daemon.clone();
        let place = Place::File { row, state };
        let number = self.ledger.lock().insert(key, Arc::new(entry), home, place);
        self.moves.notify_one();
        Ok(Inserted::Local(number))
    }

    /// Returns the holder of a new entry.
    pub(super) fn holder_for(&self, key: &Key, entry: &OutboxEntry) -> Holder {
        if is_bound(entry) {
            return self.daemons.own().clone();
        }
        let live = self.daemons.live();
        let view = View {
            live: &live,
            reaching: &|phone_ref| self.daemons.reaching(phone_ref),
            patience: self.timing.patience,
            sending: self.timing.sending,
            now: Instant::now(),
        };
        self.ledger
            .lock()
            .holder_for(&key.phone, &entry.phone_ref, &view)
    }

    /// Changes the state of an entry.
    pub(super) async fn set_state(&self, number: u64, state: EntryState) -> Result<(), Error> {
        let place = self.place(number)?;
        let state = match state {
            EntryState::Pending => State::Pending,
            EntryState::InFlight | EntryState::Moving | EntryState::Uncertain => State::InFlight,
        };
        match place {
            Place::File { row, .. } => {
                let (from, to) = match state {
                    State::InFlight => (FileState::Pending, FileState::InFlight),
                    State::Pending => (FileState::InFlight, FileState::Pending),
                };
                if !self.ledger.lock().exchange(number, from, to) {
                    return Err(Error::Away(MOVING.to_owned()));
                }
                let written = self.file()?.set_state(row, entry_state(to)).await;
                if written.is_err() {
                    self.ledger.lock().exchange(number, to, from);
                }
                written
            }
            Place::Appending => Err(Error::Away(MOVING.to_owned())),
            Place::Deleted => Err(Error::Lost),
            Place::Stream => match state {
                State::InFlight => self.claim(number).await,
                State::Pending => {
                    let changed = self.change(number, state).await;
                    // Nothing was sent, whether the stream is told or not.
                    self.set_claimed(number, false);
                    changed
                }
            },
        }
    }

    /// Marks an entry in the stream as about to be sent or to end.
    async fn claim(&self, number: u64) -> Result<(), Error> {
        // Before the stream is changed: from now on this process does not give it away.
        self.set_claimed(number, true);
        let claimed = self.change(number, State::InFlight).await;
        if claimed.is_err() {
            self.set_claimed(number, false);
        }
        claimed
    }

    fn set_claimed(&self, number: u64, is_claimed: bool) {
        if let Some(held) = self.ledger.lock().held_mut(number) {
            held.is_claimed = is_claimed;
        }
    }

    /// Writes the state of an entry to the stream, unless another daemon has the entry by now. Writes it even
    /// if an unacknowledged attempt may have done so: only an acknowledgement shows that no other message
    /// came in between.
    async fn change(&self, number: u64, state: State) -> Result<(), Error> {
        for _ in 0..MAX_CONFLICTS {
            let (key, position, message) = {
                let ledger = self.ledger.lock();
                let held = ledger.held(number).ok_or(Error::Lost)?;
                let (position, _) = ledger.position(&held.key).ok_or(Error::Lost)?;
                let message = Message {
                    holder: self.daemons.own().clone(),
                    state,
                    asker: held.asker.clone(),
                    home: held.home.clone(),
                    entry: Entry::from(&*held.entry),
                };
                (held.key.clone(), position, message)
            };
            match self
                .stream
                .replace(&key, position, message.to_bytes())
                .await
            {
                Ok(position) => {
                    self.ledger.lock().written(&key, position, &message);
                    return Ok(());
                }
                Err(NotReplaced::Away(away)) => return Err(away.into()),
                Err(NotReplaced::Conflict) => {}
            }
            let found = self.stream.read(&key).await.map_err(Error::from)?;
            let found = match &found {
                Some((position, bytes)) => match Message::parse(bytes) {
                    Ok(message) => Some((*position, message)),
                    Err(_) => None,
                },
                None => None,
            };
            let found = found
                .as_ref()
                .map(|(position, message)| (*position, message));
            if !self.ledger.lock().reread(&key, found) {
                return Err(Error::Lost);
            }
        }
        Err(Error::Away("it changes too often".to_owned()))
    }

    /// Deletes an entry whose delivery has ended.
    pub(super) async fn delete(&self, number: u64) -> Result<(), Error> {
        let is_sent = {
            let ledger = self.ledger.lock();
            let held = ledger.held(number).ok_or(Error::Lost)?;
            let is_sent_from_file = matches!(
                held.place,
                Place::File {
                    state: FileState::InFlight,
                    ..
                }
            );
            (held.is_claimed || is_sent_from_file) && !held.is_cancelled
        };
        let _ending = if is_sent {
            None
        } else {
            Some(self.ending.lock().await)
        };
        self.remove(number).await?;
        self.ledger.lock().end(number);
        Ok(())
    }

    /// Removes an entry from its place; it stays in the ledger.
    async fn remove(&self, number: u64) -> Result<(), Error> {
        match self.place(number)? {
            Place::Appending
            | Place::File {
                state: FileState::Moving,
                ..
            } => Err(Error::Away(MOVING.to_owned())),
            Place::Deleted => Ok(()),
            Place::File { row, .. } => self.file()?.delete(row).await,
            Place::Stream => {
                let is_claimed = {
                    let ledger = self.ledger.lock();
                    ledger.held(number).ok_or(Error::Lost)?.is_claimed
                };
                if !is_claimed {
                    // Then no other daemon can have it.
                    self.claim(number).await?;
                }
                let (key, position) = {
                    let mut ledger = self.ledger.lock();
                    let held = ledger.held_mut(number).ok_or(Error::Lost)?;
                    // The removal, if the stream reports it first, must not look like that of another daemon.
                    held.place = Place::Deleted;
                    let key = held.key.clone();
                    let (position, _) = ledger.position(&key).ok_or(Error::Lost)?;
                    (key, position)
                };
                match self.stream.remove(&key, position).await {
                    // Removed by an earlier attempt whose acknowledgement was lost.
                    Ok(()) | Err(NotReplaced::Conflict) => Ok(()),
                    Err(NotReplaced::Away(away)) => {
                        if let Some(held) = self.ledger.lock().held_mut(number) {
                            held.place = Place::Stream;
                        }
                        Err(away.into())
                    }
                }
            }
        }
    }

    /// Deletes the pending entries of the request `id` for these phones.
    pub(super) async fn delete_pending(&self, id: &str, phones: &[String]) -> Result<(), Error> {
        let numbers: Vec<u64> = {
            let mut ledger = self.ledger.lock();
            let numbers = ledger.numbers().filter(|(_, held)| {
                let entry = &held.entry;
                entry.id == id && phones.contains(&entry.phone)
            });
            let numbers: Vec<u64> = numbers.map(|(number, _)| number).collect();
            for number in &numbers {
                if let Some(held) = ledger.held_mut(*number) {
                    held.is_cancelled = true;
                }
            }
            numbers
        };
        let mut deleted = Ok(());
        for number in numbers {
            let _ending = self.ending.lock().await;
            match self.remove(number).await {
                Ok(()) => self.ledger.lock().deleted(number),
                // It has ended in the meantime.
                Err(Error::Lost) => {}
                Err(error) => deleted = Err(error),
            }
        }
        deleted
    }

    fn place(&self, number: u64) -> Result<Place, Error> {
        let ledger = self.ledger.lock();
        let held = ledger.held(number).ok_or(Error::Lost)?;
        Ok(held.place)
    }

    pub(super) fn file(&self) -> Result<&Arc<dyn FileRows>, Error> {
        self.file
            .as_ref()
            .map_err(|why| Error::Unusable(why.clone()))
    }

    /// Deletes a row of the file whose entry is in the stream. If that fails, the row is recognized as such
    /// after the next start.
    pub(super) async fn delete_row(&self, row: u64) {
        let deleted = match self.file() {
            Ok(file) => file.delete(row).await,
            Err(error) => Err(error),
        };
        if let Err(error) = deleted {
            warn!(%error, "Cannot delete a delivery from the local file that was moved to the cluster.");
        }
    }
}

impl From<Away> for Error {
    fn from(away: Away) -> Self {
        Self::Away(away.to_string())
    }
}

/// Returns the state of a row.
pub(super) fn entry_state(state: FileState) -> EntryState {
    match state {
        FileState::InFlight => EntryState::InFlight,
        FileState::Moving => EntryState::Moving,
        FileState::Pending => EntryState::Pending,
    }
}

/// Reason: the entry cannot be changed at present.
const MOVING: &str = "the delivery is being moved to the outbox of the cluster";

/// Maximum number of conflicts while changing an entry: only the holder and a daemon that takes over write
/// it.
const MAX_CONFLICTS: usize = 5;

/// How long a daemon holds entries back after its start, until it has joined the cluster.
const START_PATIENCE: Duration = Duration::from_secs(10);

/// How long a new entry waits until the stream reports it, and so the earlier ones of other daemons.
const TELL_PATIENCE: Duration = Duration::from_secs(1);

/// Maximum number of entries for one phone.
const MAX_PER_PHONE: usize = 2000;
