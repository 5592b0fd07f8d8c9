//! A delivery as stored in the outbox.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::fleet::CarriedFile;

/// A request for one phone, as text that later versions of the program can read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct OutboxEntry {
    /// The id of the request, by which it can be cancelled.
    pub id: String,
    /// The requester, as JSON.
    pub requester: String,
    /// The verb.
    pub verb: String,
    /// The keys and values as requested.
    pub keys: Vec<(String, String)>,
    /// Name of the phone.
    pub phone: String,
    /// A reference that finds the phone again, as JSON.
    pub phone_ref: String,
    /// When the request arrived.
    pub at: SystemTime,
    /// How long after that it expires.
    pub keep: Duration,
    /// The files that the request names, if they were read when it was made; the local file does not have them,
    /// and they are read when it is delivered.
    pub files: Option<BTreeMap<String, CarriedFile>>,
}

/// An entry of the outbox.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct StoredEntry {
    /// Denotes it within this process.
    pub number: u64,
    /// Whether it may have been sent.
    pub state: EntryState,
    /// The delivery.
    pub entry: OutboxEntry,
}

/// Whether an entry may have been sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum EntryState {
    /// It is being sent, or was when the daemon ended.
    InFlight,
    /// It was, or was about to be, moved to another store, which then sends it.
    Moving,
    /// Nothing was sent.
    Pending,
    /// It may have been sent: the log that would show it is damaged.
    Uncertain,
}
