//! Deliveries that are held for phones that are away, in a file that outlasts a crash.
//!
//! A [`OutboxEntry`] says what is asked of one phone. It is [held](Store::hold) before anybody is told so,
//! marked as being sent before the first byte leaves, and forgotten when it is over. What was being
//! sent when the daemon died is told apart from what was still waiting, so that nothing is lost and
//! nothing is sent twice. Nothing here knows phones or decides anything.

mod entry;
mod file;
mod store;

pub use entry::{EntryState, OutboxEntry, StoredEntry};
pub use file::Error;
pub use store::{Opened, Store};
