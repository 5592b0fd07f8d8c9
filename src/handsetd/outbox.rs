//! Durable store of deliveries for phones that are unreachable.
//!
//! An [`OutboxEntry`] is a request for one phone. It is [inserted](Storage::insert) before the caller
//! learns that it is queued, marked as [in flight](EntryState::InFlight) before the first byte is
//! sent, and [deleted](Storage::delete) when the delivery has ended. After a crash, entries that may
//! have been sent are thus known from those that were not: nothing is lost, and nothing is sent
//! twice. The store knows no phones and decides nothing.
//!
//! [`Storage`] is what deliveries need of it. [`Store`] implements it with an `SQLite` file,
//! `outbox.sqlite`; with `[cluster]`, `cluster` does so with a stream that all daemons share.

mod entry;
mod file;
mod row;
mod storage;
mod store;

pub(crate) use entry::{EntryState, OutboxEntry, StoredEntry};
pub(crate) use storage::{Change, Error, Inserted, Storage};
pub(crate) use store::{CAPACITY, Opened, Store};
