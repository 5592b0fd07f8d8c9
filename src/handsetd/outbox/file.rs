//! The file: `SQLite` with a write-ahead log.
//!
//! Every change is on the disk when it counts as done (`synchronous = FULL`), and no other process
//! can open the file meanwhile.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, ErrorCode, Row, Transaction, params};

use super::entry::{EntryState, OutboxEntry, StoredEntry};

/// The file, open.
#[derive(Debug)]
pub(super) struct File {
    connection: Connection,
    path: PathBuf,
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
    Damaged(String),
    Other(Error),
}

impl File {
    /// Opens or creates the file, and reads its entries in order. Blocks.
    pub(super) fn open(path: &Path) -> Result<(Self, Vec<StoredEntry>), OpenError> {
        let failed = |error: &rusqlite::Error| {
            let why = error.to_string();
            match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    OpenError::Damaged(why)
                }
                Some(ErrorCode::DatabaseBusy) => {
                    other(path, "another handsetd is using it".to_owned())
                }
                _ => other(path, why),
            }
        };
        // Requests may be private; SQLite gives its other files the same mode.
        let created = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path);
        created.map_err(|error| other(path, error.to_string()))?;
        let mut connection = Connection::open(path).map_err(|error| failed(&error))?;
        set_up(&mut connection, path, &failed)?;
        let file = Self {
            connection,
            path: path.to_owned(),
        };
        let entries = file.read().map_err(|error| failed(&error))?;
        // An invalid row is damage as well.
        let entries: Option<Vec<_>> = entries.into_iter().collect();
        match entries {
            Some(entries) => Ok((file, entries)),
            None => Err(OpenError::Damaged("a row is invalid".to_owned())),
        }
    }

    fn read(&self) -> rusqlite::Result<Vec<Option<StoredEntry>>> {
        let mut statement = self.connection.prepare(
            "SELECT number, state, id, requester, verb, keys, phone, phone_ref, at, keep \
             FROM outbox ORDER BY number",
        )?;
        statement.query_map([], |row| Ok(entry(row)))?.collect()
    }

    /// Applies all changes or none; returns a number for each, which is that of the entry where one
    /// was inserted. Blocks until they are durable.
    pub(super) fn write<'a>(
        &mut self,
        changes: impl Iterator<Item = &'a Change>,
    ) -> Result<Vec<u64>, Error> {
        let written = (|| {
            let transaction = self.connection.transaction()?;
            let numbers: Result<Vec<u64>, _> =
                changes.map(|change| apply(&transaction, change)).collect();
            let numbers = numbers?;
            transaction.commit()?;
            Ok(numbers)
        })();
        written.map_err(|error: rusqlite::Error| Error::Write {
            path: self.path.clone(),
            why: error.to_string(),
        })
    }

    /// Renames a damaged file and the files of `SQLite` next to it; returns the new path. Blocks.
    pub(super) fn quarantine(path: &Path) -> Result<PathBuf, Error> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let suffix = format!("damaged-{}", since.unwrap_or_default().as_secs());
        let renamed = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(format!(".{suffix}"));
            PathBuf::from(name)
        };
        let aside = renamed(path);
        fs::rename(path, &aside).map_err(|error| Error::Open {
            path: path.to_owned(),
            why: format!("it is damaged, and cannot be renamed: {error}"),
        })?;
        for suffix in ["-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            let companion = PathBuf::from(name);
            // It may not exist. Left behind, it would be taken for one of the new file.
            let _ = fs::rename(&companion, renamed(&companion));
        }
        Ok(aside)
    }
}

fn other(path: &Path, why: String) -> OpenError {
    OpenError::Other(Error::Open {
        path: path.to_owned(),
        why,
    })
}

fn set_up(
    connection: &mut Connection,
    path: &Path,
    failed: &dyn Fn(&rusqlite::Error) -> OpenError,
) -> Result<(), OpenError> {
    let prepared = || -> rusqlite::Result<(String, i64)> {
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let check = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        let version = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        Ok((check, version))
    };
    let (check, version) = prepared().map_err(|error| failed(&error))?;
    if check != "ok" {
        return Err(OpenError::Damaged(check));
    }
    if version > VERSION {
        let path = path.to_owned();
        return Err(OpenError::Other(Error::NewerSchema { path }));
    }
    let mut create = || {
        let transaction = connection.transaction()?;
        transaction.execute_batch(TABLE)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()
    };
    create().map_err(|error| failed(&error))
}

fn apply(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<u64> {
    match change {
        Change::Delete(number) => {
            let mut delete = transaction.prepare_cached("DELETE FROM outbox WHERE number = ?1")?;
            delete.execute([row_number(*number)])?;
        }
        Change::Insert(entry) => return insert(transaction, entry),
        Change::SetState(number, state) => {
            let mut update =
                transaction.prepare_cached("UPDATE outbox SET state = ?2 WHERE number = ?1")?;
            update.execute(params![row_number(*number), code(*state)])?;
        }
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

fn insert(transaction: &Transaction<'_>, entry: &OutboxEntry) -> rusqlite::Result<u64> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO outbox (state, id, requester, verb, keys, phone, phone_ref, at, keep) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    let at = entry.at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let keys = serde_json::to_string(&entry.keys);
    let number = insert.insert(params![
        code(EntryState::Pending),
        entry.id,
        entry.requester,
        entry.verb,
        keys.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?,
        entry.phone,
        entry.phone_ref,
        milliseconds(at),
        milliseconds(entry.keep),
    ])?;
    Ok(u64::try_from(number).unwrap_or_default())
}

/// Reads a row; `None` if it is invalid.
fn entry(row: &Row<'_>) -> Option<StoredEntry> {
    let text = |at: usize| row.get::<_, String>(at).ok();
    let number = |at: usize| u64::try_from(row.get::<_, i64>(at).ok()?).ok();
    let state: i64 = row.get(1).ok()?;
    Some(StoredEntry {
        number: number(0)?,
        state: STATES.into_iter().find(|known| code(*known) == state)?,
        entry: OutboxEntry {
            id: text(2)?,
            requester: text(3)?,
            verb: text(4)?,
            keys: serde_json::from_str(&text(5)?).ok()?,
            phone: text(6)?,
            phone_ref: text(7)?,
            at: UNIX_EPOCH.checked_add(Duration::from_millis(number(8)?))?,
            keep: Duration::from_millis(number(9)?),
        },
    })
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn row_number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn code(state: EntryState) -> i64 {
    match state {
        EntryState::InFlight => 1,
        EntryState::Pending => 0,
    }
}

const STATES: [EntryState; 2] = [EntryState::InFlight, EntryState::Pending];

/// Version of the schema.
const VERSION: i64 = 1;

/// Numbers are never reused, so a stale one cannot denote another entry.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    state INTEGER NOT NULL,
    id TEXT NOT NULL,
    requester TEXT NOT NULL,
    verb TEXT NOT NULL,
    keys TEXT NOT NULL,
    phone TEXT NOT NULL,
    phone_ref TEXT NOT NULL,
    at INTEGER NOT NULL,
    keep INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS outbox_id ON outbox (id);";
