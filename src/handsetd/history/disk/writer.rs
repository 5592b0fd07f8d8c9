//! The thread that reads the file at the start, and then writes what changes.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

use super::row::{self, FORMAT};
use crate::history::bounded_log::BoundedLog;
use crate::history::record::Record;
use crate::outcome::Status;
use crate::sqlite::{self, Damage, Database, LogKeeper};

/// What the thread needs.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) file: PathBuf,
    pub(super) continued: HashSet<(String, String)>,
    pub(super) has_cluster: bool,
    /// The last thread that used the file.
    pub(super) previous: Option<JoinHandle<()>>,
    pub(super) log: Arc<Mutex<BoundedLog>>,
    pub(super) changed: Arc<Notify>,
    pub(super) errors: Arc<AtomicU64>,
    pub(super) loaded: Arc<watch::Sender<bool>>,
}

/// What the thread is asked for.
#[derive(Debug)]
pub(super) enum Command {
    /// Write everything, and empty the log of the file.
    Flush(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the thread, which ends with the sender of `commands`; without any, it deletes the file.
    /// Returns `None` if it cannot be started, which is logged.
    pub(super) fn start(
        mut self,
        commands: Option<mpsc::Receiver<Command>>,
    ) -> Option<JoinHandle<()>> {
        let (log, loaded) = (Arc::clone(&self.log), Arc::clone(&self.loaded));
        let thread = thread::Builder::new().name("history".to_owned());
        let started = thread.spawn(move || {
            if let Some(previous) = self.previous.take() {
                // If it has panicked, it does not use the file any more.
                let _ = previous.join();
            }
            match commands {
                Some(commands) => self.run(commands),
                None => self.delete(),
            }
        });
        started
            .inspect_err(|error| give_up(&log, &loaded, &error.to_string()))
            .ok()
    }

    fn run(&self, commands: mpsc::Receiver<Command>) {
        let runtime = runtime::Builder::new_current_thread().enable_time().build();
        let opened = runtime
            .map_err(|error| error.to_string())
            .and_then(|runtime| Ok((runtime, self.load().map_err(|error| error.to_string())?)));
        match opened {
            Ok((runtime, database)) => {
                self.loaded.send_replace(true);
                let state = State {
                    database,
                    log_keeper: LogKeeper::default(),
                    deleted_below: 0,
                    has_failed: false,
                };
                runtime.block_on(self.write(state, commands));
            }
            Err(why) => give_up(&self.log, &self.loaded, &why),
        }
    }

    /// Opens the file, and moves what it has into memory.
    fn load(&self) -> Result<Database, sqlite::Error> {
        let opened = sqlite::open(&self.file, &FORMAT, |database, records| {
            database.transaction(|transaction| row::upsert(transaction, &records))?;
            Ok(records)
        })?;
        let mut database = opened.database;
        database.erase_deleted()?;
        if let Some(damage) = opened.damage {
            report(&self.file, damage);
        }
        let (continued, mut records): (Vec<Record>, Vec<Record>) =
            opened.rows.into_iter().partition(|record| {
                let name = (record.id.to_string(), record.phone.clone());
                // A start that found it in flight may have recorded that, and ended before it left the outbox.
                let is_open = record.duration.is_none() || record.status == Status::Unknown;
                is_open && self.continued.contains(&name)
            });
        let first = {
            let log = self.log.lock();
            // A file that could not be deleted, or not be opened at first, has what is in memory, too.
            records.retain(|record| {
                let own = log.get(record.number);
                own.is_none_or(|own| own.id != record.id || own.phone != record.phone)
            });
            log.oldest()
        };
        let mut changed: Vec<u64> = Vec::new();
        if records.last().is_some_and(|last| last.number >= first) {
            // The clock was set back between then and now.
            let start = first.saturating_sub(count(records.len()));
            for (number, record) in (start..).zip(&mut records) {
                record.number = number;
            }
            // Together: a crash in between would leave an empty file.
            database.transaction(|transaction| {
                row::clear(transaction)?;
                row::upsert(transaction, &records)
            })?;
        } else {
            let numbers = continued.iter().map(|record| record.number);
            database.transaction(|transaction| row::delete(transaction, numbers))?;
        }
        for record in &mut records {
            if record.duration.is_none() {
                if !self.has_cluster || !record.leave_to_cluster() {
                    record.interrupt();
                }
                changed.push(record.number);
            }
        }
        let mut log = self.log.lock();
        log.restore(records);
        for number in changed {
            log.mark(number);
        }
        Ok(database)
    }

    /// Writes what changes until all senders of `commands` are dropped.
    async fn write(&self, mut state: State, mut commands: mpsc::Receiver<Command>) {
        loop {
            let next = tokio::select! {
                next = commands.recv() => Some(next),
                // What cannot be written is not tried again at once.
                () = self.changed.notified(), if !state.has_failed => {
                    timeout(BATCH_TIME, commands.recv()).await.ok()
                }
                () = sleep(state.pause()) => None,
            };
            // Another thread may already be there to write what has changed.
            if matches!(next, Some(None)) {
                break;
            }
            let is_written = self.write_all(&mut state);
            match next.flatten() {
                Some(Command::Flush(done)) => {
                    // A failure is logged.
                    let _ = state.log_keeper.checkpoint(&state.database);
                    let _ = done.send(());
                }
                None if is_written => {}
                // Nothing has changed for a moment, or an hour.
                None => {
                    if state.log_keeper.idle().is_some() {
                        let _ = state.log_keeper.checkpoint(&state.database);
                    }
                }
            }
        }
        let _ = state.log_keeper.checkpoint(&state.database);
    }

    /// Writes all records that have changed, and deletes those that are no longer kept; returns whether
    /// there were any.
    fn write_all(&self, state: &mut State) -> bool {
        let mut is_written = false;
        loop {
            let batch = self.log.lock().take_batch(MAX_BATCH);
            let is_empty = batch.records.is_empty() && batch.removed.is_empty();
            if is_empty && batch.oldest <= state.deleted_below {
                return is_written;
            }
            let written = state.database.transaction(|transaction| {
                row::upsert(transaction, batch.records.iter().map(|record| &**record))?;
                row::delete(transaction, batch.removed.iter().copied())?;
                row::delete_below(transaction, batch.oldest)
            });
            if let Err(error) = written {
                let mut log = self.log.lock();
                let records = batch.records.iter().map(|record| record.number);
                records
                    .chain(batch.removed)
                    .for_each(|number| log.mark(number));
                log.finish_batch();
                drop(log);
                self.errors.fetch_add(1, Ordering::Relaxed);
                if !std::mem::replace(&mut state.has_failed, true) {
                    warn!(%error, "Cannot store the history; trying again. Deliveries are not affected.");
                }
                return is_written;
            }
            self.log.lock().finish_batch();
            if std::mem::replace(&mut state.has_failed, false) {
                info!("The history is stored again; nothing is missing.");
            }
            state.deleted_below = batch.oldest;
            state.log_keeper.written(&state.database);
            is_written = true;
        }
    }

    fn delete(&self) {
        match sqlite::remove(&self.file) {
            Ok(false) => {}
            Ok(true) => {
                info!("Deleted the stored history, since history.keep_on_disk is false.");
            }
            Err(error) => error!(
                path = %self.file.display(),
                %error,
                "Cannot delete the stored history, although history.keep_on_disk is false."
            ),
        }
    }
}

/// The file while it is written.
#[derive(Debug)]
struct State {
    database: Database,
    log_keeper: LogKeeper,
    /// The file has no records of lower numbers.
    deleted_below: u64,
    /// The last attempt to write has failed.
    has_failed: bool,
}

impl State {
    /// Returns how long to wait if nothing changes.
    fn pause(&self) -> Duration {
        if self.has_failed {
            RETRY_TIME
        } else {
            self.log_keeper.idle().unwrap_or(PRUNE_TIME)
        }
    }
}

/// Continues without a file.
fn give_up(log: &Mutex<BoundedLog>, loaded: &watch::Sender<bool>, why: &str) {
    error!(
        error = why,
        "Cannot open the stored history: deliveries are recorded in memory only. Fix state.dir and \
         reload or restart handsetd."
    );
    log.lock().keep_on_disk(false);
    loaded.send_replace(true);
}

fn report(path: &std::path::Path, damage: Damage) {
    let Damage {
        reason,
        moved_to,
        is_doubtful,
    } = damage;
    let (path, moved_to) = (path.display(), moved_to.display());
    if is_doubtful {
        warn!(
            %path,
            copy = %moved_to,
            reason,
            "The last change of the stored history is incomplete. Only that is missing."
        );
    } else {
        warn!(
            %path,
            %moved_to,
            reason,
            "The stored history is damaged: the file was renamed, and a new one was created with the \
             deliveries that could be read."
        );
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// How long changes are collected before they are written together: what a crash may lose, and as seldom
/// as flash memory likes it.
pub(super) const BATCH_TIME: Duration = Duration::from_millis(500);

/// How many records are written together.
const MAX_BATCH: usize = 256;

/// How long to wait after writing failed.
const RETRY_TIME: Duration = Duration::from_secs(10);

/// How often records are deleted that have become too old while nothing else happened.
const PRUNE_TIME: Duration = Duration::from_hours(1);
