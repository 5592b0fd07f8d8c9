//! Entries that outlive daemons, each changed by one daemon at a time.

mod entry;
mod read;
mod watcher;
mod write;

use std::sync::Arc;

use bytes::Bytes;

use crate::error::{AppendError, ChangeError, Unavailable};
use crate::shared::Shared;

pub use entry::{MAX_ENTRY, Position, QueueEntry, QueueEvent};
pub use watcher::QueueWatcher;

/// The queue of the cluster. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Queue {
    pub(crate) shared: Arc<Shared>,
}

impl Queue {
    /// Appends an entry. `Ok` means that it is stored.
    ///
    /// # Errors
    ///
    /// Returns an error if it was not stored, or if that is unknown. Repeating the call with the same key and
    /// id within a day never stores it twice.
    pub async fn append(&self, key: &str, id: &str, value: Bytes) -> Result<Position, AppendError> {
        write::append(&self.shared, key, id, value).await
    }

    /// Changes an entry, unless it has changed since `position`.
    ///
    /// # Errors
    ///
    /// Returns an error if it was not changed, or if that is unknown.
    pub async fn replace(
        &self,
        key: &str,
        id: &str,
        position: Position,
        value: Bytes,
    ) -> Result<Position, ChangeError> {
        write::replace(&self.shared, key, id, position, value).await
    }

    /// Removes an entry, unless it has changed since `position`.
    ///
    /// # Errors
    ///
    /// Returns an error if it was not removed, or if that is unknown.
    pub async fn remove(&self, key: &str, id: &str, position: Position) -> Result<(), ChangeError> {
        write::remove(&self.shared, key, id, position).await
    }

    /// Reads all entries, or those of one key, in the order in which they were appended, from any server: one that
    /// was down until now may not have the latest.
    ///
    /// # Errors
    ///
    /// Returns an error if the cluster is unavailable.
    pub async fn read(&self, key: Option<&str>) -> Result<Vec<QueueEntry>, Unavailable> {
        read::read_all(&self.shared, key).await
    }

    /// Reads one entry as it is now.
    ///
    /// # Errors
    ///
    /// Returns an error if the cluster is unavailable.
    pub async fn get(&self, key: &str, id: &str) -> Result<Option<QueueEntry>, Unavailable> {
        read::get(&self.shared, key, id).await
    }

    /// Watches all entries. The stream of events survives reconnections and ends when it is dropped.
    pub fn watch(&self) -> QueueWatcher {
        watcher::watch(&self.shared)
    }
}
