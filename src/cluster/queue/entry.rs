//! Entries of the queue.

use std::time::SystemTime;

use bytes::Bytes;

use crate::headers;
use crate::records;
use crate::subjects::Subjects;
use crate::watching::Watched;

/// Which version of an entry is meant.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Position {
    /// Where the entry was appended: the order of the queue.
    pub first: u64,
    /// Where it was last changed.
    pub last: u64,
}

/// An entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    /// What it is ordered by.
    pub key: String,
    /// What identifies it among those of its key.
    pub id: String,
    /// Which version this is.
    pub position: Position,
    /// When it was last changed, by the clock of NATS.
    pub at: SystemTime,
    /// Its value.
    pub value: Bytes,
}

/// What a follower sees.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum QueueEvent {
    /// An entry was appended or changed, or existed already.
    Entry(Item),
    /// An entry is gone.
    Removed {
        /// Its key.
        key: String,
        /// Its id.
        id: String,
    },
    /// All that existed has been told: from here on it is news.
    Current,
    /// The connection was lost; once it is back, entries are told again, then `Current`.
    Interrupted,
}

/// The longest value of an entry, in bytes: half of what a message may have, for its headers and for others.
pub const MAX_ENTRY: usize = 512 * 1024;

/// What a message of the stream says.
#[derive(Debug)]
pub(super) enum Read {
    Entry(Item),
    Removed { key: String, id: String },
}

/// Reads a message of the stream; `None` if it is none of ours.
pub(super) fn read(subjects: &Subjects, watched: Watched) -> Option<Read> {
    let (key, id) = subjects.entry_of(&watched.subject)?;
    let first = headers::text(Some(&watched.headers), headers::FIRST);
    let Some(value) = records::value_of(&watched.headers, watched.body) else {
        return Some(Read::Removed { key, id });
    };
    let position = Position {
        first: first.map_or(Some(watched.sequence), |first| first.parse().ok())?,
        last: watched.sequence,
    };
    Some(Read::Entry(Item {
        key,
        id,
        position,
        at: watched.at,
        value,
    }))
}
