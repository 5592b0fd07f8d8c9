//! Opens files, and distinguishes damage from faults of the machine.

use std::io;
use std::path::{Path, PathBuf};

use handset_net::files;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row};

use super::database::Database;
use super::error::Error;
use super::schema::{Schema, State};
use super::set_aside::{self, COMPANIONS, LOG, companion};
use super::wal::{self, Log};

/// What a file contains: rows that are read as `T`.
#[derive(Debug)]
pub(crate) struct Format<T> {
    pub(crate) schema: Schema,
    /// Selects what `read` reads, in order.
    pub(crate) select: &'static str,
    /// Reads a row; `None` if it is invalid, which is damage.
    pub(crate) read: fn(&Row<'_>) -> Option<T>,
}

/// An opened file.
#[derive(Debug)]
pub(crate) struct Opened<T> {
    pub(crate) database: Database,
    /// Its rows, in order.
    pub(crate) rows: Vec<T>,
    /// Damage that was found.
    pub(crate) damage: Option<Damage>,
}

/// Damage to a file or its log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Damage {
    /// What is wrong.
    pub reason: String,
    /// Where the damaged file was moved, or its log was copied.
    pub moved_to: PathBuf,
    /// The last transaction may be lost, and nothing else; the file is still in use. Otherwise it is
    /// new, and has the rows that could be read.
    pub is_doubtful: bool,
}

/// Why a file cannot be opened.
enum OpenError<T> {
    Damaged {
        why: String,
        /// Rows that can be read. They may be out of date.
        readable: Vec<T>,
    },
    Other(Error),
}

/// Opens or creates the file at `path`. A damaged one is quarantined, and replaced by a new one, into
/// which `restore` inserts the rows that can be read; it returns them as they are now. Blocks.
pub(crate) fn open<T>(
    path: &Path,
    format: &Format<T>,
    restore: impl FnOnce(&mut Database, Vec<T>) -> Result<Vec<T>, Error>,
) -> Result<Opened<T>, Error> {
    let (reason, readable) = match open_file(path, format) {
        Ok(opened) => return Ok(opened),
        Err(OpenError::Other(error)) => return Err(error),
        Err(OpenError::Damaged { why, readable }) => (why, readable),
    };
    let moved_to = set_aside::quarantine(path)?;
    let new = open_file(path, format).map_err(|error| match error {
        OpenError::Other(error) => error,
        OpenError::Damaged { why, .. } => {
            let path = path.to_owned();
            Error::Open { path, why }
        }
    })?;
    let mut database = new.database;
    let rows = restore(&mut database, readable)?;
    let damage = Damage {
        reason,
        moved_to,
        is_doubtful: false,
    };
    Ok(Opened {
        database,
        rows,
        damage: Some(damage),
    })
}

/// Opens or creates a file, and reads its rows in order.
fn open_file<T>(path: &Path, format: &Format<T>) -> Result<Opened<T>, OpenError<T>> {
    let path = &prepare(path)?;
    let failed = |error: &rusqlite::Error| classify(path, error);
    let connection = connect(path).map_err(|error| failed(&error))?;
    // No other process writes the log from here on.
    let log = companion(path, LOG);
    let state = wal::read(&log).map_err(|error| other(&log, error.to_string()))?;
    if let Log::Damaged(why) = state {
        return Err(damaged_log(connection, format, why));
    }
    let damage = match state {
        Log::Doubtful(reason) => Some(Damage {
            reason,
            moved_to: set_aside::copy(&log).map_err(OpenError::Other)?,
            is_doubtful: true,
        }),
        _ => None,
    };
    let mut database = Database {
        connection,
        path: path.clone(),
    };
    let state = set_up(&mut database.connection, &format.schema);
    match state.map_err(|error| failed(&error))? {
        State::Current => {}
        State::Damaged(why) => return Err(damaged(why)),
        State::Newer => {
            let path = path.clone();
            return Err(OpenError::Other(Error::NewerSchema { path }));
        }
    }
    let rows = read(&database.connection, format).map_err(|error| failed(&error))?;
    // An invalid row is damage as well.
    let rows: Option<Vec<_>> = rows.into_iter().collect();
    let Some(rows) = rows else {
        return Err(damaged("a row is invalid"));
    };
    database.checkpoint().map_err(OpenError::Other)?;
    Ok(Opened {
        database,
        rows,
        damage,
    })
}

fn set_up(connection: &mut Connection, schema: &Schema) -> rusqlite::Result<State> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Its own checkpoints leave the log as long as it was.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    schema.check_or_create(connection)
}

/// Creates the file if it does not exist, and checks that `SQLite` can open it and the files next to
/// it without waiting. Returns its path without links, since `SQLite` is configured to follow none.
fn prepare<T>(path: &Path) -> Result<PathBuf, OpenError<T>> {
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
fn damaged_log<T>(connection: Connection, format: &Format<T>, why: String) -> OpenError<T> {
    let readable = read(&connection, format).unwrap_or_default();
    // Otherwise SQLite writes the rest of the log into the file, and deletes the log.
    let kept = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
    if let Err(error) = kept {
        tracing::warn!(%error, "A damaged log may be deleted.");
    }
    drop(connection);
    OpenError::Damaged {
        why,
        readable: readable.into_iter().flatten().collect(),
    }
}

fn read<T>(connection: &Connection, format: &Format<T>) -> rusqlite::Result<Vec<Option<T>>> {
    let mut statement = connection.prepare(format.select)?;
    let rows = statement.query_map([], |row| Ok((format.read)(row)))?;
    rows.collect()
}

/// Distinguishes damage from faults of the machine. Damage has many faces: a bit of the header can make a file
/// read-only, or one of a name can make a statement invalid.
fn classify<T>(path: &Path, error: &rusqlite::Error) -> OpenError<T> {
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

fn damaged<T>(why: impl Into<String>) -> OpenError<T> {
    OpenError::Damaged {
        why: why.into(),
        readable: Vec::new(),
    }
}

fn other<T>(path: &Path, why: String) -> OpenError<T> {
    OpenError::Other(Error::Open {
        path: path.to_owned(),
        why,
    })
}
