//! Durable store of deliveries for phones that are unreachable: an `SQLite` file, `outbox.sqlite`.
//!
//! An [`OutboxEntry`] is a request for one phone. It is [inserted](Store::insert) before the caller
//! learns that it is queued, marked as [in flight](EntryState::InFlight) before the first byte is
//! sent, and [deleted](Store::delete) when the delivery has ended. After a crash, entries that may
//! have been sent are thus known from those that were not: nothing is lost, and nothing is sent
//! twice. The store knows no phones and decides nothing.

mod entry;
mod file;
mod row;
mod store;

pub(crate) use entry::{EntryState, OutboxEntry, StoredEntry};
pub(crate) use store::{Opened, Store};
