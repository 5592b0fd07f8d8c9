//! What is held.

use std::time::{Duration, SystemTime};

/// What is asked of one phone, in texts, since it must outlast this version of the program.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Letter {
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
    pub bearings: String,
    /// When it was asked.
    pub at: SystemTime,
    /// How long it is held.
    pub keep: Duration,
}

/// A letter in the file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Held {
    /// Its place: later ones have greater numbers.
    pub number: u64,
    /// How far it got.
    pub stage: Stage,
    /// The letter.
    pub letter: Letter,
}

/// How far a letter got.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// It is being sent, or was when nobody could note any more what came of it.
    Sending,
    /// Nothing of it was sent.
    Waiting,
}
