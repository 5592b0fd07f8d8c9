//! The handle to the file, and the thread that writes it.
//!
//! Changes that arrive during a write are committed together, so a slow disk delays a batch once and
//! not each of its changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::entry::{EntryState, OutboxEntry, StoredEntry};
use super::file::{Change, Error, File, OpenError};

/// The stored deliveries. Clones share the file.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    jobs: mpsc::Sender<Job>,
    /// How many entries the file has, including those being inserted.
    count: Arc<AtomicUsize>,
}

/// An opened store, and its entries.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The store.
    pub store: Store,
    /// The entries, in order.
    pub entries: Vec<StoredEntry>,
    /// Where a damaged file was moved, and what is wrong with it; the store is new then.
    pub damaged: Option<(PathBuf, String)>,
}

#[derive(Debug)]
struct Job {
    change: Change,
    done: oneshot::Sender<Result<u64, Error>>,
}

impl Store {
    /// Opens or creates the file at `path`. A damaged one is quarantined. Blocks.
    pub(crate) fn open(path: &Path) -> Result<Opened, Error> {
        let (file, entries, damaged) = match File::open(path) {
            Ok((file, entries)) => (file, entries, None),
            Err(OpenError::Other(error)) => return Err(error),
            Err(OpenError::Damaged(why)) => {
                let quarantine = File::quarantine(path)?;
                match File::open(path) {
                    Ok((file, entries)) => (file, entries, Some((quarantine, why))),
                    Err(OpenError::Other(error)) => return Err(error),
                    Err(OpenError::Damaged(why)) => {
                        let path = path.to_owned();
                        return Err(Error::Open { path, why });
                    }
                }
            }
        };
        let (jobs, queue) = mpsc::channel(MAX_JOBS);
        let writer = thread::Builder::new().name("outbox".to_owned());
        writer
            .spawn(move || write(file, queue))
            .map_err(|error| Error::Open {
                path: path.to_owned(),
                why: error.to_string(),
            })?;
        let count = Arc::new(AtomicUsize::new(entries.len()));
        Ok(Opened {
            store: Self { jobs, count },
            entries,
            damaged,
        })
    }

    /// Inserts an entry, and returns its number once it is durable.
    pub(crate) async fn insert(&self, entry: OutboxEntry) -> Result<u64, Error> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let inserted = if count >= CAPACITY {
            Err(Error::Full { count })
        } else {
            self.change(Change::Insert(entry)).await
        };
        if inserted.is_err() {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        inserted
    }

    /// Changes the state of an entry; returns once that is durable.
    pub(crate) async fn set_state(&self, number: u64, state: EntryState) -> Result<(), Error> {
        self.change(Change::SetState(number, state)).await?;
        Ok(())
    }

    /// Deletes an entry whose delivery has ended.
    pub(crate) async fn delete(&self, number: u64) -> Result<(), Error> {
        self.change(Change::Delete(number)).await?;
        self.count.fetch_sub(1, Ordering::Relaxed);
        Ok(())
    }

    /// Deletes the pending entries of the request `id` for these phones. Each must still be
    /// [deleted](Self::delete) one by one, which is cheap then.
    pub(crate) async fn delete_pending(&self, id: &str, phones: &[String]) -> Result<(), Error> {
        let (id, phones) = (id.to_owned(), phones.to_vec());
        self.change(Change::DeletePending { id, phones }).await?;
        Ok(())
    }

    /// Returns the number of entries.
    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Returns whether the store is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    async fn change(&self, change: Change) -> Result<u64, Error> {
        let (done, result) = oneshot::channel();
        let sent = self.jobs.send(Job { change, done }).await;
        sent.map_err(|_| Error::Stopped)?;
        result.await.unwrap_or(Err(Error::Stopped))
    }
}

/// Writes changes until all handles are dropped. Blocks.
fn write(mut file: File, mut jobs: mpsc::Receiver<Job>) {
    while let Some(first) = jobs.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < MAX_BATCH
            && let Ok(next) = jobs.try_recv()
        {
            batch.push(next);
        }
        let written = file.write(batch.iter().map(|job| &job.change));
        match written {
            Ok(numbers) => {
                for (job, number) in batch.into_iter().zip(numbers) {
                    // The caller may be gone.
                    let _ = job.done.send(Ok(number));
                }
            }
            Err(error) => {
                for job in batch {
                    let _ = job.done.send(Err(error.clone()));
                }
            }
        }
    }
}

/// Maximum number of entries.
const CAPACITY: usize = 20_000;

/// How many changes are committed together.
const MAX_BATCH: usize = 256;

/// How many changes may wait to be written.
const MAX_JOBS: usize = 1024;

#[cfg(test)]
mod tests;
