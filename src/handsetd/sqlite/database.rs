//! An open file: its transactions and its log.

use std::fs;
use std::path::PathBuf;

use rusqlite::{Connection, Transaction};

use super::error::Error;
use super::set_aside::{LOG, companion};

/// An open file.
#[derive(Debug)]
pub(crate) struct Database {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
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

    /// Overwrites with zeros from now on what is deleted or replaced.
    pub(crate) fn erase_deleted(&self) -> Result<(), Error> {
        let set = self.connection.pragma_update(None, "secure_delete", "ON");
        set.map_err(|error| self.unwritable(error.to_string()))
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
