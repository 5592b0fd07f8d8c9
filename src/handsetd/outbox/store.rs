//! The handle to the file, and the thread that writes it.
//!
//! Changes that arrive during a write are committed together, so a slow disk delays a batch once and
//! not each of its changes.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::entry::{EntryState, OutboxEntry, StoredEntry};
use super::file::{Change, File};
use super::storage::{Error, Inserted, Storage};
use crate::sqlite::{self, Damage, LogKeeper};

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
    /// Damage that was found.
    pub damage: Option<Damage>,
}

/// What the writer is asked for.
#[derive(Debug)]
enum Job {
    Change(Box<Change>, oneshot::Sender<Result<u64, Error>>),
    /// Empty the log.
    Checkpoint(oneshot::Sender<Result<(), Error>>),
}

impl Store {
    /// Opens or creates the file at `path`. A damaged one is quarantined. Blocks.
    pub(crate) fn open(path: &Path) -> Result<Opened, Error> {
        let sqlite::Opened {
            database,
            rows: entries,
            damage,
        } = File::open(path)?;
        let unable = |error: io::Error| {
            Error::File(sqlite::Error::Open {
                path: path.to_owned(),
                why: error.to_string(),
            })
        };
        let runtime = runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(unable)?;
        let (jobs, queue) = mpsc::channel(MAX_JOBS);
        let writer = thread::Builder::new().name("outbox".to_owned());
        writer
            .spawn(move || runtime.block_on(write(File(database), queue)))
            .map_err(unable)?;
        let count = Arc::new(AtomicUsize::new(entries.len()));
        Ok(Opened {
            store: Self { jobs, count },
            entries,
            damage,
        })
    }

    /// Inserts an entry, and returns its number once it is durable.
    pub(crate) async fn insert(&self, entry: OutboxEntry) -> Result<u64, Error> {
        self.insert_as(entry, EntryState::Pending).await
    }

    /// Inserts an entry in a state, as [`insert`](Self::insert) does.
    pub(crate) async fn insert_as(
        &self,
        entry: OutboxEntry,
        state: EntryState,
    ) -> Result<u64, Error> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let inserted = if count >= CAPACITY {
            Err(Error::Full { count })
        } else {
            self.change(Change::Insert(entry, state)).await
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

    /// Writes the log into the file and empties it, which also happens whenever there is nothing to
    /// write for a moment.
    pub(crate) async fn checkpoint(&self) -> Result<(), Error> {
        let (done, result) = oneshot::channel();
        let sent = self.jobs.send(Job::Checkpoint(done)).await;
        sent.map_err(|_| Error::Stopped)?;
        result.await.unwrap_or(Err(Error::Stopped))
    }

    async fn change(&self, change: Change) -> Result<u64, Error> {
        let (done, result) = oneshot::channel();
        let sent = self.jobs.send(Job::Change(Box::new(change), done)).await;
        sent.map_err(|_| Error::Stopped)?;
        result.await.unwrap_or(Err(Error::Stopped))
    }
}

impl Storage for Store {
    fn insert<'a>(
        &'a self,
        entry: OutboxEntry,
        _phone_key: &'a str,
    ) -> BoxFuture<'a, Result<Inserted, Error>> {
        self.insert(entry)
            .map(|inserted| inserted.map(Inserted::Local))
            .boxed()
    }

    fn set_state(&self, number: u64, state: EntryState) -> BoxFuture<'_, Result<(), Error>> {
        self.set_state(number, state).boxed()
    }

    fn delete(&self, number: u64) -> BoxFuture<'_, Result<(), Error>> {
        self.delete(number).boxed()
    }

    fn delete_pending<'a>(
        &'a self,
        id: &'a str,
        phones: &'a [String],
    ) -> BoxFuture<'a, Result<(), Error>> {
        self.delete_pending(id, phones).boxed()
    }

    fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

/// Writes changes until all handles are dropped. Blocks.
async fn write(mut file: File, mut jobs: mpsc::Receiver<Job>) {
    let mut log = LogKeeper::default();
    loop {
        let next = if let Some(idle) = log.idle() {
            let Ok(next) = timeout(idle, jobs.recv()).await else {
                // It is logged.
                let _ = log.checkpoint(&file.0);
                continue;
            };
            next
        } else {
            jobs.recv().await
        };
        let Some(first) = next else { break };
        let (mut batch, mut checkpoints) = (Vec::new(), Vec::new());
        let mut sort = |job| match job {
            Job::Change(change, done) => batch.push((change, done)),
            Job::Checkpoint(done) => checkpoints.push(done),
        };
        sort(first);
        for _ in 1..MAX_BATCH {
            match jobs.try_recv() {
                Ok(next) => sort(next),
                Err(_) => break,
            }
        }
        if !batch.is_empty() {
            write_batch(&mut file, batch);
            log.written(&file.0);
        }
        for done in checkpoints {
            let _ = done.send(log.checkpoint(&file.0).map_err(Error::from));
        }
    }
    let _ = log.checkpoint(&file.0);
}

/// A change, and the receiver of its number.
type Awaited = (Box<Change>, oneshot::Sender<Result<u64, Error>>);

fn write_batch(file: &mut File, batch: Vec<Awaited>) {
    match file.write(batch.iter().map(|(change, _)| &**change)) {
        Ok(numbers) => {
            for ((_, done), number) in batch.into_iter().zip(numbers) {
                // The caller may be gone.
                let _ = done.send(Ok(number));
            }
        }
        Err(error) => {
            for (_, done) in batch {
                let _ = done.send(Err(error.clone().into()));
            }
        }
    }
}

/// Maximum number of entries.
pub(crate) const CAPACITY: usize = 20_000;

/// How many changes are committed together.
const MAX_BATCH: usize = 256;

/// How many changes may wait to be written.
const MAX_JOBS: usize = 1024;

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod tests;
