//! The file: `SQLite` with a write-ahead log.
//!
//! Every change is on the disk when it counts as done (`synchronous = FULL`), and no other process
//! can open the file meanwhile. The log is written into the file, and emptied, when the file is
//! opened and whenever there is nothing else to do: what is not in the log cannot be lost with it.

use std::fs::{self, File as StdFile};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use handset_net::files;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, params};

use super::entry::{EntryState, OutboxEntry, StoredEntry};
use super::row::{self, code, row_number};
use super::schema::{self, Schema};
use super::wal::{self, Log};

/// The file, open.
#[derive(Debug)]
pub(super) struct File {
    connection: Connection,
    path: PathBuf,
}

/// A file that was opened.
#[derive(Debug)]
pub(super) struct OpenedFile {
    pub(super) file: File,
    /// Its entries, in order.
    pub(super) entries: Vec<StoredEntry>,
    /// Where the log was copied, and what is wrong with it, if it may lack the last transaction.
    pub(super) doubtful: Option<(PathBuf, String)>,
}

/// One change.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Delete(u64),
    /// The pending entries of the request `id` for these phones.
    DeletePending {
        id: String,
        phones: Vec<String>,
    },
    Insert(OutboxEntry),
    SetState(u64, EntryState),
}

/// Why the outbox cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The outbox is full.
    #[error("the outbox is full: {count} deliveries are stored")]
    Full {
        /// Number of entries.
        count: usize,
    },
    /// A later version of handsetd has written the file.
    #[error("{} was written by a later version of handsetd; install that version, or move the file away", path.display())]
    NewerSchema {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be opened.
    #[error("cannot open {}: {why}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The cause, human-readable.
        why: String,
    },
    /// The writer has stopped.
    #[error("handsetd is stopping")]
    Stopped,
    /// The file cannot be written.
    #[error("cannot write {}: {why}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause, human-readable.
        why: String,
    },
}

/// Why a file cannot be opened.
pub(super) enum OpenError {
    Damaged {
        why: String,
        /// Entries that can be read. They may be out of date.
        readable: Vec<StoredEntry>,
    },
    Other(Error),
}

impl File {
    /// Opens or creates the file, and reads its entries in order. Blocks.
    pub(super) fn open(path: &Path) -> Result<OpenedFile, OpenError> {
        let path = &prepare(path)?;
        let failed = |error: &rusqlite::Error| classify(path, error);
        let connection = connect(path).map_err(|error| failed(&error))?;
        // Nobody else writes the log from here on.
        let log = companion(path, LOG);
        let state = wal::read(&log).map_err(|error| other(&log, error.to_string()))?;
        if let Log::Damaged(why) = state {
            return Err(damaged_log(connection, why));
        }
        let doubtful = match state {
            Log::Doubtful(why) => Some((copy_aside(&log)?, why)),
            _ => None,
        };
        let mut file = Self {
            connection,
            path: path.clone(),
        };
        match file.set_up().map_err(|error| failed(&error))? {
            Schema::Current => {}
            Schema::Damaged(why) => return Err(damaged(why)),
            Schema::Newer => {
                let path = path.clone();
                return Err(OpenError::Other(Error::NewerSchema { path }));
            }
        }
        let rows = read(&file.connection).map_err(|error| failed(&error))?;
        // An invalid row is damage as well.
        let entries: Option<Vec<_>> = rows.into_iter().collect();
        let Some(entries) = entries else {
            return Err(damaged("a row is invalid"));
        };
        file.checkpoint().map_err(OpenError::Other)?;
        Ok(OpenedFile {
            file,
            entries,
            doubtful,
        })
    }

    fn set_up(&mut self) -> rusqlite::Result<Schema> {
        let connection = &mut self.connection;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // Its own checkpoints leave the log as long as it was.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        schema::check_or_create(connection)
    }

    /// Inserts entries whose state is unknown, as ones that may have been sent.
    pub(super) fn insert_uncertain(
        &mut self,
        entries: Vec<StoredEntry>,
    ) -> Result<Vec<StoredEntry>, Error> {
        let insert = |transaction: &Transaction<'_>| {
            let insert = |stored: StoredEntry| {
                let number = row::insert(transaction, &stored.entry)?;
                set_state(transaction, number, EntryState::Uncertain)?;
                Ok(StoredEntry {
                    number,
                    state: EntryState::Uncertain,
                    ..stored
                })
            };
            entries.into_iter().map(insert).collect()
        };
        self.transaction(insert)
    }

    /// Applies all changes or none; returns a number for each, which is that of the entry where one
    /// was inserted. Blocks until they are durable.
    pub(super) fn write<'a>(
        &mut self,
        changes: impl Iterator<Item = &'a Change>,
    ) -> Result<Vec<u64>, Error> {
        self.transaction(|transaction| changes.map(|change| apply(transaction, change)).collect())
    }

    fn transaction<T>(
        &mut self,
        write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let written = (|| {
            let transaction = self.connection.transaction()?;
            let result = write(&transaction)?;
            transaction.commit()?;
            Ok(result)
        })();
        written.map_err(|error: rusqlite::Error| self.unwritable(error.to_string()))
    }

    /// Writes the log into the file and empties it. Blocks.
    pub(super) fn checkpoint(&self) -> Result<(), Error> {
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        let is_busy = self
            .connection
            .query_row(sql, [], |row| row.get::<_, bool>(0));
        match is_busy {
            Ok(false) => Ok(()),
            Ok(true) => Err(self.unwritable("the log is in use".to_owned())),
            Err(error) => Err(self.unwritable(error.to_string())),
        }
    }

    /// Returns the length of the log, in bytes.
    pub(super) fn log_length(&self) -> u64 {
        fs::metadata(companion(&self.path, LOG)).map_or(0, |log| log.len())
    }

    fn unwritable(&self, why: String) -> Error {
        let path = self.path.clone();
        Error::Write { path, why }
    }

    /// Renames a damaged file and the files of `SQLite` next to it; returns the new path. Blocks.
    pub(super) fn quarantine(path: &Path) -> Result<PathBuf, Error> {
        let suffix = suffix();
        let renamed = |path: &Path| companion(path, &suffix);
        let aside = renamed(path);
        fs::rename(path, &aside).map_err(|error| Error::Open {
            path: path.to_owned(),
            why: format!("it is damaged, and cannot be renamed: {error}"),
        })?;
        for name in COMPANIONS {
            let companion = companion(path, name);
            // It may not exist. Left behind, it would be taken for one of the new file.
            let _ = fs::rename(&companion, renamed(&companion));
        }
        Ok(aside)
    }
}

/// Creates the file if it does not exist, and checks that `SQLite` can open it and the files next to
/// it without waiting. Returns its path without links, since `SQLite` is told to follow none.
fn prepare(path: &Path) -> Result<PathBuf, OpenError> {
    let failed = |path: &Path, error: io::Error| other(path, error.to_string());
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(other(path, "not the name of a file".to_owned()));
    };
    let folder = folder.canonicalize();
    let path = folder.map_err(|error| failed(path, error))?.join(name);
    for name in COMPANIONS {
        let companion = companion(&path, name);
        files::check(&companion).map_err(|error| failed(&companion, error))?;
    }
    // Requests may be private; SQLite gives its other files the same mode. The descriptor must be
    // closed before SQLite locks the file, or closing it would release the lock.
    let length = files::open_or_create(&path)
        .and_then(|file| file.metadata())
        .map_err(|error| failed(&path, error))?
        .len();
    if length == 0 {
        // SQLite deletes the log of an empty file.
        let log = companion(&path, LOG);
        let state = wal::read(&log).map_err(|error| failed(&log, error))?;
        if state != (Log::Whole { is_empty: true }) {
            return Err(damaged("the file is empty, and its log is not"));
        }
    }
    Ok(path)
}

/// Opens and locks the file.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// Closes a file whose log is damaged, without changing it.
fn damaged_log(connection: Connection, why: String) -> OpenError {
    let readable = read(&connection).unwrap_or_default();
    // Otherwise SQLite writes the rest of the log into the file, and deletes the log.
    let kept = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
    if let Err(error) = kept {
        tracing::warn!(%error, "The damaged log of the outbox may be deleted.");
    }
    drop(connection);
    OpenError::Damaged {
        why,
        readable: readable.into_iter().flatten().collect(),
    }
}

/// Copies a file; returns the path of the copy.
fn copy_aside(path: &Path) -> Result<PathBuf, OpenError> {
    let aside = companion(path, &suffix());
    let copied = (|| {
        let mut from = files::open(path, files::Links::Refuse)?;
        let mut to: StdFile = files::create_new(&aside)?;
        io::copy(&mut from, &mut to)?;
        to.sync_all()
    })();
    copied.map_err(|error| other(&aside, error.to_string()))?;
    Ok(aside)
}

fn read(connection: &Connection) -> rusqlite::Result<Vec<Option<StoredEntry>>> {
    let mut statement = connection.prepare(row::SELECT)?;
    statement.query_map([], |row| Ok(row::read(row)))?.collect()
}

fn apply(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<u64> {
    match change {
        Change::Delete(number) => {
            let mut delete = transaction.prepare_cached("DELETE FROM outbox WHERE number = ?1")?;
            delete.execute([row_number(*number)])?;
        }
        Change::Insert(entry) => return row::insert(transaction, entry),
        Change::SetState(number, state) => set_state(transaction, *number, *state)?,
        Change::DeletePending { id, phones } => {
            let mut delete = transaction
                .prepare_cached("DELETE FROM outbox WHERE id = ?1 AND phone = ?2 AND state = ?3")?;
            for phone in phones {
                delete.execute(params![id, phone, code(EntryState::Pending)])?;
            }
        }
    }
    Ok(0)
}

fn set_state(
    transaction: &Transaction<'_>,
    number: u64,
    state: EntryState,
) -> rusqlite::Result<()> {
    let mut update =
        transaction.prepare_cached("UPDATE outbox SET state = ?2 WHERE number = ?1")?;
    update.execute(params![row_number(number), code(state)])?;
    Ok(())
}

/// Tells damage from faults of the machine. Damage has many faces: a bit of the header can make a file
/// read-only, or one of a name can make a statement invalid.
fn classify(path: &Path, error: &rusqlite::Error) -> OpenError {
    let why = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            other(path, "another handsetd is using it".to_owned())
        }
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::DiskFull
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OutOfMemory
            | ErrorCode::PermissionDenied
            | ErrorCode::SystemIoFailure,
        ) => other(path, why),
        _ => damaged(why),
    }
}

fn damaged(why: impl Into<String>) -> OpenError {
    OpenError::Damaged {
        why: why.into(),
        readable: Vec::new(),
    }
}

fn other(path: &Path, why: String) -> OpenError {
    OpenError::Other(Error::Open {
        path: path.to_owned(),
        why,
    })
}

/// Returns the path of a file whose name continues that of another.
fn companion(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Returns the end of the name of a file that is set aside.
fn suffix() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    // Several in one second must not replace each other.
    let nanoseconds = since.unwrap_or_default().as_nanos();
    format!(".damaged-{nanoseconds}")
}

/// The write-ahead log.
const LOG: &str = "-wal";

/// The files that `SQLite` may open next to the file.
const COMPANIONS: [&str; 3] = [LOG, "-shm", "-journal"];
