//! Migrates entries from the local file to the stream, once.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use tokio::time::sleep;
use tracing::{info, warn};

use super::ledger::{Effect, FileState, Ledger, Location};
use super::message::{Entry, Holder, Key, Message, State};
use super::shared::Shared;
use super::stream::AppendError;
use crate::outbox::{EntryState, StoredEntry};
use crate::resolver::PhoneRef;

/// Adds the entries of the file to the ledger; returns those to deliver, with their numbers in the ledger.
pub(super) fn resume(
    ledger: &mut Ledger,
    entries: Vec<StoredEntry>,
    now: SystemTime,
) -> Vec<StoredEntry> {
    let mut resumed = Vec::new();
    for stored in entries {
        let StoredEntry {
            number: row,
            state,
            entry,
        } = stored;
        let phone_ref = serde_json::from_str::<PhoneRef>(&entry.phone_ref);
        let phone = phone_ref.map_or_else(|_| entry.phone.clone(), |found| found.key());
        let key = Key::of(&entry, &phone);
        let age = now.duration_since(entry.at).unwrap_or_default();
        let shared = Arc::new(entry.clone());
        let (state, location) = match state {
            // The time of the append is unknown, but not before the entry was created.
            EntryState::Moving if age < DUPLICATE_WINDOW => {
                ledger.insert_uncertain(key, shared, row);
                continue;
            }
            EntryState::Pending => (EntryState::Pending, FileState::Pending),
            EntryState::Moving | EntryState::InFlight => {
                (EntryState::InFlight, FileState::InFlight)
            }
            EntryState::Uncertain => (EntryState::Uncertain, FileState::InFlight),
        };
        let home = ledger.own().daemon.clone();
        let location = Location::File {
            row,
            state: location,
        };
        let number = ledger.insert(key, shared, home, location);
        resumed.push(StoredEntry {
            number,
            state,
            entry,
        });
    }
    resumed
}

/// The result of the migration of a batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Progress {
    /// There is nothing to migrate.
    Done,
    /// This number was migrated.
    Migrated(usize),
    /// The stream accepts no more at present.
    Blocked,
}

impl Shared {
    /// Migrates the entries of the file whenever NATS is available, until the daemon stops.
    pub(super) async fn run_migration(self: Arc<Self>) {
        let stop = self.tasks.stop();
        let mut count = 0_usize;
        loop {
            let progress = if self.daemons.unavailable_reason().is_some() {
                Progress::Blocked
            } else {
                self.migrate_batch().await
            };
            match progress {
                Progress::Migrated(moved) => {
                    count = count.saturating_add(moved);
                    continue;
                }
                Progress::Done if count > 0 => {
                    info!(
                        count,
                        "Moved stored deliveries from the local file to the cluster."
                    );
                    count = 0;
                }
                Progress::Done | Progress::Blocked => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.migrate.notified() => {}
                () = sleep(RETRY_INTERVAL) => {}
            }
        }
    }

    async fn migrate_batch(&self) -> Progress {
        let rows = self.ledger.lock().rows(BATCH_SIZE);
        if rows.is_empty() {
            return Progress::Done;
        }
        let marked = join_all(rows.into_iter().map(|(number, row, state)| async move {
            let is_new = state == FileState::Pending;
            (!is_new || self.mark(number, row).await).then_some((number, row, is_new))
        }));
        let marked: Vec<_> = marked.await.into_iter().flatten().collect();
        let count = marked.len();
        let mut is_blocked = count == 0;
        for (number, row, is_new) in marked {
            if is_blocked {
                self.unmark(number, row, is_new).await;
            } else {
                is_blocked = !self.migrate_entry(number, row, is_new).await;
            }
        }
        if is_blocked {
            Progress::Blocked
        } else {
            Progress::Migrated(count)
        }
    }

    /// Marks an entry as possibly in the stream; returns whether it is marked.
    async fn mark(&self, number: u64, row: u64) -> bool {
        let (from, to) = (FileState::Pending, FileState::Moving);
        if !self.ledger.lock().change_file_state(number, from, to) {
            return false;
        }
        let Ok(file) = self.file() else { return false };
        let marked = file.set_state(row, EntryState::Moving).await;
        if let Err(error) = &marked {
            warn!(%error, "Cannot move a stored delivery to the cluster.");
            self.ledger.lock().change_file_state(number, to, from);
        }
        marked.is_ok()
    }

    /// Marks an entry as not in the stream, unless it was doubtful before.
    async fn unmark(&self, number: u64, row: u64, is_new: bool) {
        let Ok(file) = self.file() else { return };
        if is_new && file.set_state(row, EntryState::Pending).await.is_ok() {
            let (from, to) = (FileState::Moving, FileState::Pending);
            self.ledger.lock().change_file_state(number, from, to);
        }
    }

    /// Migrates an entry; returns whether the stream accepts more.
    async fn migrate_entry(&self, number: u64, row: u64, is_new: bool) -> bool {
        let Some((key, message)) = self.to_message(number) else {
            return true;
        };
        if !is_new && self.may_be_forgotten(number) {
            let effects = match self.stream.read(&key).await {
                Ok(Some(found)) => self.record_appended(number, row, &key, Some(found)),
                Ok(None) => self.ledger.lock().end_as_unknown(number),
                Err(_) => return false,
            };
            self.perform(effects).await;
            return true;
        }
        let effects = match self.stream.append(&key, message.to_bytes()).await {
            Ok(position) => {
                let mut effects = self
                    .ledger
                    .lock()
                    .record_migrated(number, position, &message);
                effects.push(Effect::DeleteRow(row));
                self.wait_until_received(position).await;
                effects
            }
            Err(AppendError::Exists) => match self.stream.read(&key).await {
                Ok(found) => self.record_appended(number, row, &key, found),
                Err(_) => return false,
            },
            Err(AppendError::Unavailable(_) | AppendError::Full) => {
                self.unmark(number, row, is_new).await;
                return false;
            }
            Err(AppendError::Invalid(why)) => {
                warn!(%why, "A stored delivery stays in the local file.");
                self.unmark(number, row, is_new).await;
                if let Some(held) = self.ledger.lock().held_mut(number) {
                    held.is_too_long = true;
                }
                return true;
            }
            Err(AppendError::Unknown(_)) => return false,
        };
        self.perform(effects).await;
        true
    }

    /// Returns whether the stream may not recognize a repeated append of this entry any more.
    fn may_be_forgotten(&self, number: u64) -> bool {
        let at = self.ledger.lock().held(number).map(|held| held.entry.at);
        let age = at.and_then(|at| self.daemons.now().duration_since(at).ok());
        age.is_some_and(|age| age.saturating_add(WINDOW_MARGIN) >= DUPLICATE_WINDOW)
    }

    /// Records that an entry of the file was appended earlier.
    fn record_appended(
        &self,
        number: u64,
        row: u64,
        key: &Key,
        found: Option<(handset_cluster::Position, bytes::Bytes)>,
    ) -> Vec<Effect> {
        let mut ledger = self.ledger.lock();
        let message = found.and_then(|(position, bytes)| {
            let message = Message::parse(&bytes).ok()?;
            Some((position, message))
        });
        if let Some((position, message)) = message {
            let entry = || message.entry.to_outbox(self.daemons.now());
            ledger.put(key, position, &message, entry)
        } else {
            // It has ended since.
            ledger.forget(number);
            vec![Effect::DeleteRow(row), Effect::Refresh(key.phone.clone())]
        }
    }

    fn to_message(&self, number: u64) -> Option<(Key, Message)> {
        let own = self.daemons.own();
        let (key, entry, is_cancelled) = {
            let ledger = self.ledger.lock();
            let held = ledger.held(number)?;
            (held.key.clone(), Arc::clone(&held.entry), held.is_cancelled)
        };
        let holder: Holder = if is_cancelled {
            own.clone()
        } else {
            self.holder_for(&key, &entry)
        };
        let message = Message {
            home: own.daemon.clone(),
            state: State::Pending,
            origin: own.clone(),
            entry: Entry::from(&*entry),
            holder,
        };
        Some((key, message))
    }
}

/// How long the stream detects repeated appends.
const DUPLICATE_WINDOW: Duration = Duration::from_hours(24);

/// Time that reading and appending may take.
const WINDOW_MARGIN: Duration = Duration::from_mins(1);

/// Number of entries marked per transaction.
const BATCH_SIZE: usize = 256;

/// Pause before the stream is tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);
