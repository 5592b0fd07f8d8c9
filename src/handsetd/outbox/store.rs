//! The handle to the file, and the thread that writes.
//!
//! Changes that come while others are being written are written together, so that a disk that takes
//! its time is waited for once and not for each.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::entry::{EntryState, OutboxEntry, StoredEntry};
use super::file::{Change, Error, File, OpenError};

/// The held deliveries. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Store {
    jobs: mpsc::Sender<Job>,
    /// How many letters the file has, or soon will have.
    count: Arc<AtomicUsize>,
}

/// A store, and what was in it.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: Store,
    /// What it held, in order.
    pub held: Vec<StoredEntry>,
    /// Where a damaged file went, and what was wrong with it; the store is new then.
    pub damaged: Option<(PathBuf, String)>,
}

#[derive(Debug)]
struct Job {
    change: Change,
    done: oneshot::Sender<Result<u64, Error>>,
}

impl Store {
    /// Opens the file at `path`, or makes it. A damaged one is moved aside. Blocks.
    pub fn open(path: &Path) -> Result<Opened, Error> {
        let (file, held, damaged) = match File::open(path) {
            Ok((file, held)) => (file, held, None),
            Err(OpenError::Other(error)) => return Err(error),
            Err(OpenError::Damaged(why)) => {
                let aside = File::move_aside(path)?;
                match File::open(path) {
                    Ok((file, held)) => (file, held, Some((aside, why))),
                    Err(OpenError::Other(error)) => return Err(error),
                    Err(OpenError::Damaged(why)) => {
                        let path = path.to_owned();
                        return Err(Error::Open { path, why });
                    }
                }
            }
        };
        let (jobs, queue) = mpsc::channel(MAX_JOBS);
        let writer = thread::Builder::new().name("held".to_owned());
        writer
            .spawn(move || write(file, queue))
            .map_err(|error| Error::Open {
                path: path.to_owned(),
                why: error.to_string(),
            })?;
        let count = Arc::new(AtomicUsize::new(held.len()));
        Ok(Opened {
            store: Self { jobs, count },
            held,
            damaged,
        })
    }

    /// Holds a entry, and returns its number once that is sure.
    pub async fn hold(&self, entry: OutboxEntry) -> Result<u64, Error> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let held = if count >= MAX_HELD {
            Err(Error::Full { count })
        } else {
            self.change(Change::Hold(entry)).await
        };
        if held.is_err() {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        held
    }

    /// Notes how far a entry got.
    pub async fn mark(&self, number: u64, stage: EntryState) -> Result<(), Error> {
        self.change(Change::Mark(number, stage)).await?;
        Ok(())
    }

    /// Forgets a entry that is over.
    pub async fn forget(&self, number: u64) -> Result<(), Error> {
        self.change(Change::Forget(number)).await?;
        self.count.fetch_sub(1, Ordering::Relaxed);
        Ok(())
    }

    /// Forgets what the request `id` asks of these phones, as far as nothing of it is being sent; each
    /// is still to be [forgotten](Self::forget), which is cheap then.
    pub async fn withdraw(&self, id: &str, phones: &[String]) -> Result<(), Error> {
        let (id, phones) = (id.to_owned(), phones.to_vec());
        self.change(Change::Withdraw { id, phones }).await?;
        Ok(())
    }

    /// Returns how many letters are held.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Returns whether none is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    async fn change(&self, change: Change) -> Result<u64, Error> {
        let (done, told) = oneshot::channel();
        let sent = self.jobs.send(Job { change, done }).await;
        sent.map_err(|_| Error::Stopped)?;
        told.await.unwrap_or(Err(Error::Stopped))
    }
}

/// Writes what is asked, until nobody can ask any more. Blocks.
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
                    // Who asked may have gone.
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

/// How many letters are held at the most.
const MAX_HELD: usize = 20_000;

/// How many changes are written together.
const MAX_BATCH: usize = 256;

/// How many changes may wait to be written.
const MAX_JOBS: usize = 1024;

#[cfg(test)]
mod tests;
