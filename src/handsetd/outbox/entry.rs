//! What is held.

use std::time::{Duration, SystemTime};

/// What is asked of one phone, in texts, since it must outlast this version of the program.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OutboxEntry {
    /// The number of the request, under which it can be called back.
    pub id: String,
    /// Who asked, as JSON.
    pub asker: String,
    /// The verb.
    pub verb: String,
    /// The keys and values, as they were given.
    pub keys: Vec<(String, String)>,
    /// What the phone is called.
    pub phone: String,
    /// What finds the phone again, as JSON.
    pub phone_ref: String,
    /// When it was asked.
    pub at: SystemTime,
    /// How long it is held.
    pub keep: Duration,
}

/// A entry in the file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredEntry {
    /// Its place: later ones have greater numbers.
    pub number: u64,
    /// How far it got.
    pub stage: EntryState,
    /// The entry.
    pub entry: OutboxEntry,
}

/// How far a entry got.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EntryState {
    /// It is being sent, or was when nobody could note any more what came of it.
    InFlight,
    /// Nothing of it was sent.
    Pending,
}
