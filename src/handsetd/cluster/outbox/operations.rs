//! Operations on entries, in the stream and in the file.

use std::sync::Arc;
use std::time::Duration;

use handset_cluster::Position;
use tokio::time::{self, Instant};
use tracing::warn;

use super::file_rows::FileRows;
use super::ledger::{FileState, Location, View};
use super::message::{Entry, Holder, Key, Message, State, is_bound};
use super::shared::Shared;
use super::stream::{AppendError, ReplaceError, Unavailable};
use crate::outbox::{EntryState, Error, Inserted, OutboxEntry};

impl Shared {
    /// Inserts an entry into the stream, or into the file while NATS is away.
    pub(super) async fn insert(&self, entry: OutboxEntry, phone: &str) -> Result<Inserted, Error> {
        let timeout = JOIN_TIMEOUT.saturating_sub(self.started.elapsed());
        if !timeout.is_zero() && self.daemons.unavailable_reason().is_some() {
            self.daemons.settle(timeout).await;
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
            origin: own.clone(),
            home: holder.daemon.clone(),
            entry: Entry::from(&entry),
            holder: holder.clone(),
        };
        if holder != *own {
            let result = self
                .pending_outcomes
                .register(&key.delivery, holder.daemon.clone());
            let daemon = holder.daemon;
            return match self.stream.append(&key, message.to_bytes()).await {
                Ok(position) => {
                    self.ledger.lock().record_written(&key, position, &message);
                    Ok(Inserted::Remote { daemon, result })
                }
                // Appended by this very request: it was repeated because its acknowledgement was late.
                Err(AppendError::Exists) => Ok(Inserted::Remote { daemon, result }),
                Err(error) => self.append_failed(key, entry, error).await,
            };
        }
        let home = own.daemon.clone();
        let number = {
            let mut ledger = self.ledger.lock();
            let entry = Arc::new(entry.clone());
            ledger.insert(key.clone(), entry, home, Location::Appending)
        };
        let error = match self.stream.append(&key, message.to_bytes()).await {
            Ok(position) => {
                self.ledger.lock().record_written(&key, position, &message);
                self.wait_until_received(position).await;
                return Ok(Inserted::Local(number));
            }
            Err(error) => error,
        };
        if error == AppendError::Exists
            && let Ok(Some((position, _))) = self.stream.read(&key).await
        {
            self.ledger.lock().record_written(&key, position, &message);
            return Ok(Inserted::Local(number));
        }
        let is_received = {
            let ledger = self.ledger.lock();
            let location = ledger.held(number).map(|held| held.location);
            location.is_some_and(|location| location != Location::Appending)
        };
        if is_received {
            return Ok(Inserted::Local(number));
        }
        self.ledger.lock().forget(number);
        self.append_failed(key, entry, error).await
    }

    /// Waits until the stream has reported an entry, and so everything before it: earlier entries for its
    /// phone go first.
    pub(super) async fn wait_until_received(&self, position: Position) {
        let mut received = self.received.subscribe();
        let received = received.wait_for(|received| *received >= position.first);
        let _ = time::timeout(RECEIVE_TIMEOUT, received).await;
    }

    /// Inserts an entry into the file that either was not appended to the stream or may have been.
    async fn append_failed(
        &self,
        key: Key,
        entry: OutboxEntry,
        error: AppendError,
    ) -> Result<Inserted, Error> {
        match error {
            AppendError::Full => {
                let count = self.ledger.lock().stream_len();
                Err(Error::Full { count })
            }
            AppendError::Unavailable(_) | AppendError::Invalid(_) => {
                self.insert_in_file(key, entry, FileState::Pending).await
            }
            AppendError::Exists | AppendError::Unknown(_) => {
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
        let location = Location::File { row, state };
        let number = self
            .ledger
            .lock()
            .insert(key, Arc::new(entry), home, location);
        self.migrate.notify_one();
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
            pending_timeout: self.timing.pending_timeout,
            in_flight_timeout: self.timing.in_flight_timeout,
            now: Instant::now(),
        };
        self.ledger
            .lock()
            .holder_for(&key.phone, &entry.phone_ref, &view)
    }

    /// Changes the state of an entry.
    pub(super) async fn set_state(&self, number: u64, state: EntryState) -> Result<(), Error> {
        let location = self.location(number)?;
        let state = match state {
            EntryState::Pending => State::Pending,
            EntryState::InFlight | EntryState::Moving | EntryState::Uncertain => State::InFlight,
        };
        match location {
            Location::File { row, .. } => {
                let (from, to) = match state {
                    State::InFlight => (FileState::Pending, FileState::InFlight),
                    State::Pending => (FileState::InFlight, FileState::Pending),
                };
                if !self.ledger.lock().change_file_state(number, from, to) {
                    return Err(Error::Away(MOVING.to_owned()));
                }
                let written = self.file()?.set_state(row, entry_state(to)).await;
                if written.is_err() {
                    self.ledger.lock().change_file_state(number, to, from);
                }
                written
            }
            Location::Appending => Err(Error::Away(MOVING.to_owned())),
            Location::Deleted => Err(Error::Lost),
            Location::Stream => match state {
                State::InFlight => self.claim(number).await,
                State::Pending => {
                    let changed = self.change(number, state).await;
                    // Nothing was sent, whether the stream was changed or not.
                    self.set_claimed(number, false);
                    changed
                }
            },
        }
    }

    /// Marks an entry in the stream as about to be sent or to end.
    async fn claim(&self, number: u64) -> Result<(), Error> {
        // Before the stream is changed: from now on this process does not hand it over.
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
                    origin: held.origin.clone(),
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
                    self.ledger.lock().record_written(&key, position, &message);
                    return Ok(());
                }
                Err(ReplaceError::Unavailable(error)) => return Err(error.into()),
                Err(ReplaceError::Conflict) => {}
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
                held.location,
                Location::File {
                    state: FileState::InFlight,
                    ..
                }
            );
            (held.is_claimed || is_sent_from_file) && !held.is_cancelled
        };
        let _removing = if is_sent {
            None
        } else {
            Some(self.removal_lock.lock().await)
        };
        self.remove(number).await?;
        self.ledger.lock().end(number);
        Ok(())
    }

    /// Removes an entry from its location; it stays in the ledger.
    async fn remove(&self, number: u64) -> Result<(), Error> {
        match self.location(number)? {
            Location::Appending
            | Location::File {
                state: FileState::Moving,
                ..
            } => Err(Error::Away(MOVING.to_owned())),
            Location::Deleted => Ok(()),
            Location::File { row, .. } => self.file()?.delete(row).await,
            Location::Stream => {
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
                    held.location = Location::Deleted;
                    let key = held.key.clone();
                    let (position, _) = ledger.position(&key).ok_or(Error::Lost)?;
                    (key, position)
                };
                match self.stream.remove(&key, position).await {
                    // Removed by an earlier attempt whose acknowledgement was lost.
                    Ok(()) | Err(ReplaceError::Conflict) => Ok(()),
                    Err(ReplaceError::Unavailable(error)) => {
                        let mut ledger = self.ledger.lock();
                        if ledger.position(&key).is_none() {
                            // The stream has reported the removal.
                            return Ok(());
                        }
                        if let Some(held) = ledger.held_mut(number) {
                            held.location = Location::Stream;
                        }
                        Err(error.into())
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
            let _removing = self.removal_lock.lock().await;
            match self.remove(number).await {
                Ok(()) => self.ledger.lock().record_removed(number),
                // It has ended in the meantime.
                Err(Error::Lost) => {}
                Err(error) => deleted = Err(error),
            }
        }
        deleted
    }

    fn location(&self, number: u64) -> Result<Location, Error> {
        let ledger = self.ledger.lock();
        let held = ledger.held(number).ok_or(Error::Lost)?;
        Ok(held.location)
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

impl From<Unavailable> for Error {
    fn from(error: Unavailable) -> Self {
        Self::Away(error.to_string())
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

/// How long after its start a daemon waits for the cluster before it stores entries in the file.
const JOIN_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a new entry waits until the stream reports it, and so the earlier ones of other daemons.
const RECEIVE_TIMEOUT: Duration = Duration::from_secs(1);

/// Maximum number of entries for one phone.
const MAX_PER_PHONE: usize = 2000;
