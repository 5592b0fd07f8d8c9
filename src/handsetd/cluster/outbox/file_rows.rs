//! The operations of the local file that the outbox of the cluster uses.

use std::fmt;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::outbox::{EntryState, Error, OutboxEntry, Store};

/// The rows of the local file.
pub(super) trait FileRows: fmt::Debug + Send + Sync {
    /// Inserts an entry; returns its number once it is durable.
    fn insert(&self, entry: OutboxEntry, state: EntryState) -> BoxFuture<'_, Result<u64, Error>>;

    /// Changes the state of an entry; returns once that is durable.
    fn set_state(&self, row: u64, state: EntryState) -> BoxFuture<'_, Result<(), Error>>;

    /// Deletes an entry.
    fn delete(&self, row: u64) -> BoxFuture<'_, Result<(), Error>>;
}

impl FileRows for Store {
    fn insert(&self, entry: OutboxEntry, state: EntryState) -> BoxFuture<'_, Result<u64, Error>> {
        self.insert_as(entry, state).boxed()
    }

    fn set_state(&self, row: u64, state: EntryState) -> BoxFuture<'_, Result<(), Error>> {
        self.set_state(row, state).boxed()
    }

    fn delete(&self, row: u64) -> BoxFuture<'_, Result<(), Error>> {
        self.delete(row).boxed()
    }
}
