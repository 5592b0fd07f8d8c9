//! Entries of the queue.

use std::time::SystemTime;

use bytes::Bytes;

use crate::headers;
use crate::ordered_consumer::StreamMessage;
use crate::revisions;
use crate::subjects::Subjects;

/// A version of an entry.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Position {
    /// The position at which it was appended: the order of the queue.
    pub first: u64,
    /// The position of its last change.
    pub last: u64,
}

/// An entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QueueEntry {
    /// The key, by which entries are ordered.
    pub key: String,
    /// Identifies it among the entries of its key.
    pub id: String,
    /// The version.
    pub position: Position,
    /// When it was last changed, by the clock of NATS.
    pub at: SystemTime,
    /// Its value.
    pub value: Bytes,
}

/// An event of a watcher.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum QueueEvent {
    /// An entry was appended or changed, or existed when watching began.
    Entry(QueueEntry),
    /// An entry is gone.
    Removed {
        /// Its key.
        key: String,
        /// Its id.
        id: String,
    },
    /// All existing entries have been delivered; further events are changes.
    Current,
    /// The connection was lost; after the reconnection all entries are delivered again, then `Current`.
    Interrupted,
}

/// Maximum length of a value, in bytes: half of a message, which leaves room for headers.
pub const MAX_ENTRY: usize = 512 * 1024;

/// A parsed message of the stream.
#[derive(Debug)]
pub(super) enum QueueMessage {
    Entry(QueueEntry),
    Removed { key: String, id: String },
}

/// Parses a message of the stream; `None` if it is foreign.
pub(super) fn parse(subjects: &Subjects, message: StreamMessage) -> Option<QueueMessage> {
    let (key, id) = subjects.entry_of(&message.subject)?;
    let first = headers::text(Some(&message.headers), headers::FIRST);
    let Some(value) = revisions::value_of(&message.headers, message.body) else {
        return Some(QueueMessage::Removed { key, id });
    };
    let position = Position {
        first: first.map_or(Some(message.sequence), |first| first.parse().ok())?,
        last: message.sequence,
    };
    Some(QueueMessage::Entry(QueueEntry {
        key,
        id,
        position,
        at: message.at,
        value,
    }))
}
