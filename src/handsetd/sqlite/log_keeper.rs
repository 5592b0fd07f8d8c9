//! Keeps the log of an open file short.

use std::time::Duration;

use tracing::warn;

use super::database::Database;
use super::error::Error;

/// What the log of a file contains.
#[derive(Debug, Default)]
pub(crate) struct LogKeeper {
    /// There is nothing to write into the file, or that failed and is not tried again before the next
    /// change.
    is_empty: bool,
    has_failed: bool,
}

impl LogKeeper {
    /// Returns after how long without a change the log is to be [emptied](Self::checkpoint); `None` if
    /// it is empty.
    pub(crate) fn idle(&self) -> Option<Duration> {
        (!self.is_empty).then_some(IDLE)
    }

    /// Notes that something was written. Empties a log that has become long. Blocks.
    pub(crate) fn written(&mut self, database: &Database) {
        self.is_empty = false;
        if database.log_length() > MAX_LOG {
            // It is logged.
            let _ = self.checkpoint(database);
        }
    }

    /// Writes the log into the file and empties it. The first failure in a row is logged. Blocks.
    pub(crate) fn checkpoint(&mut self, database: &Database) -> Result<(), Error> {
        self.is_empty = true;
        let result = database.checkpoint();
        if let Err(error) = &result
            && !self.has_failed
        {
            warn!(%error, "Cannot empty the log of a file. What is in it is stored nevertheless.");
        }
        self.has_failed = result.is_err();
        result
    }
}

/// How long nothing is written before the log is emptied: longer than a burst of deliveries pauses, and
/// short, since damage to the log loses what it holds.
pub(crate) const IDLE: Duration = Duration::from_millis(200);

/// The longest log that may grow before it is emptied in between, in bytes.
pub(crate) const MAX_LOG: u64 = 1024 * 1024;
