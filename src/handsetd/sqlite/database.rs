//! An open file: its transactions and its log.

use std::fs;
use std::path::PathBuf;

use rusqlite::{Connection, Transaction};

use super::set_aside::{LOG, companion};

/// An open file.
#[derive(Debug)]
pub(crate) struct Database {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
}

/// Why a file cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
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
    /// The file cannot be written.
    #[error("cannot write {}: {why}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause, human-readable.
        why: String,
    },
}

impl Database {
    /// Writes in one transaction: all or nothing. Blocks until it is durable.
    pub(crate) fn transaction<T>(
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
}
