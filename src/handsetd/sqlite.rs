//! Opens `SQLite` files such that nothing that was durable is lost silently: those of the outbox and of
//! the history.
//!
//! Files are opened with a write-ahead log. Every change is on the disk when it counts as done
//! (`synchronous = FULL`), and no other process can open the file meanwhile. The log is written into
//! the file, and emptied, when the file is opened and whenever there is nothing else to do: what is not
//! in the log cannot be lost with it. A damaged file is renamed, and replaced by a new one with the rows
//! that can be read.

mod database;
mod error;
mod log_keeper;
mod open;
mod schema;
mod set_aside;
mod wal;

pub(crate) use database::Database;
pub(crate) use error::Error;
pub(crate) use log_keeper::LogKeeper;
#[cfg(test)]
pub(crate) use log_keeper::{IDLE, MAX_LOG};
pub(crate) use open::{Damage, Format, Opened, open};
pub(crate) use schema::Schema;
pub(crate) use set_aside::remove;
