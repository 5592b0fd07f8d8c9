//! The history on the disk: an `SQLite` file, `history.sqlite`, that follows what is in memory.
//!
//! A thread writes what has changed, in batches. It takes the records from memory, so nothing waits for
//! the disk and nothing is lost to a slow one: what is no longer in memory is no longer to be kept either.
//! After a crash, the changes of the last batch are missing.

mod row;
mod writer;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::bounded_log::BoundedLog;
use writer::{Command, Writer};

/// The file, if the history has one.
#[derive(Clone, Debug)]
pub(super) struct Disk(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    log: Arc<Mutex<BoundedLog>>,
    place: Option<Place>,
    changed: Arc<Notify>,
    errors: Arc<AtomicU64>,
    loaded: Arc<watch::Sender<bool>>,
    thread: Mutex<Thread>,
}

/// The thread that uses the file.
#[derive(Debug, Default)]
struct Thread {
    /// `None` once it must end.
    commands: Option<mpsc::Sender<Command>>,
    /// The last one that was started; it may have ended.
    handle: Option<JoinHandle<()>>,
}

/// Where the history is kept.
#[derive(Debug)]
pub(crate) struct Place {
    /// The path of the file.
    pub(crate) file: PathBuf,
    /// The ids and phones of the deliveries that are continued after a restart. Their records start again.
    pub(crate) continued: HashSet<(String, String)>,
    /// Whether those with `keep` are also stored in a cluster.
    pub(crate) has_cluster: bool,
}

impl Disk {
    /// Keeps nothing until [`set_kept`](Self::set_kept).
    pub(super) fn new(log: Arc<Mutex<BoundedLog>>, place: Option<Place>) -> Self {
        Self(Arc::new(Inner {
            log,
            place,
            changed: Arc::default(),
            errors: Arc::default(),
            loaded: Arc::new(watch::Sender::new(true)),
            thread: Mutex::default(),
        }))
    }

    /// Starts or stops keeping the history in the file. One that is not kept is deleted.
    pub(super) fn set_kept(&self, is_kept: bool) {
        let inner = &*self.0;
        let Some(place) = &inner.place else { return };
        let mut thread = inner.thread.lock();
        // It has ended if the file could not be opened.
        let commands = thread.commands.as_ref();
        let is_running = commands.is_some_and(|commands| !commands.is_closed());
        if is_kept == is_running && thread.handle.is_some() {
            return;
        }
        thread.commands = None;
        inner.log.lock().keep_on_disk(is_kept);
        let writer = Writer {
            file: place.file.clone(),
            continued: place.continued.clone(),
            has_cluster: place.has_cluster,
            previous: thread.handle.take(),
            log: Arc::clone(&inner.log),
            changed: Arc::clone(&inner.changed),
            errors: Arc::clone(&inner.errors),
            loaded: Arc::clone(&inner.loaded),
        };
        if is_kept {
            inner.loaded.send_replace(false);
            let (commands, queue) = mpsc::channel(MAX_COMMANDS);
            thread.commands = Some(commands);
            thread.handle = writer.start(Some(queue));
        } else {
            thread.handle = writer.start(None);
        }
    }

    /// Notes that records have changed.
    pub(super) fn wake(&self) {
        self.0.changed.notify_one();
    }

    /// Returns how often writing has failed.
    pub(super) fn errors(&self) -> u64 {
        self.0.errors.load(Ordering::Relaxed)
    }

    /// Waits until what the file had at the start is in memory. Cancel safe.
    pub(super) async fn loaded(&self) {
        // Fails only if the sender is dropped, and this holds it.
        let _ = self.0.loaded.subscribe().wait_for(|loaded| *loaded).await;
    }

    /// Writes everything that has changed.
    pub(super) async fn flush(&self) {
        let commands = self.0.thread.lock().commands.clone();
        let (done, written) = oneshot::channel();
        if let Some(commands) = commands
            && commands.send(Command::Flush(done)).await.is_ok()
        {
            // Fails if the thread has ended, which is logged.
            let _ = written.await;
        }
    }
}

/// How many commands may wait for the thread: only a stop sends any.
const MAX_COMMANDS: usize = 4;

#[cfg(test)]
mod tests;
