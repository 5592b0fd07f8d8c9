//! Entries that outlive daemons, each changed by one daemon at a time.

mod changes;
mod entry;
mod reading;

use std::sync::Arc;

use bytes::Bytes;

use crate::error::{AppendError, Away, ChangeError};
use crate::shared::Shared;

pub use entry::{Item, MAX_ENTRY, Position, QueueEvent};
pub use reading::Follower;

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
        changes::append(&self.shared, key, id, value).await
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
        changes::replace(&self.shared, key, id, position, value).await
    }

    /// Removes an entry, unless it has changed since `position`.
    ///
    /// # Errors
    ///
    /// Returns an error if it was not removed, or if that is unknown.
    pub async fn remove(&self, key: &str, id: &str, position: Position) -> Result<(), ChangeError> {
        changes::remove(&self.shared, key, id, position).await
    }

    /// Reads all entries, or those of one key, in the order in which they were appended, from any server: one that
    /// was away until now may not have the latest.
    ///
    /// # Errors
    ///
    /// Returns an error if the cluster is away.
    pub async fn read(&self, key: Option<&str>) -> Result<Vec<Item>, Away> {
        reading::read(&self.shared, key).await
    }

    /// Reads one entry as it is now.
    ///
    /// # Errors
    ///
    /// Returns an error if the cluster is away.
    pub async fn get(&self, key: &str, id: &str) -> Result<Option<Item>, Away> {
        reading::get(&self.shared, key, id).await
    }

    /// Follows all entries. The stream of events survives reconnections and ends when it is dropped.
    pub fn follow(&self) -> Follower {
        reading::follow(&self.shared)
    }
}
