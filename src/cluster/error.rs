//! Error types.

use std::fmt;
use std::sync::Arc;

/// The reason of a failure, as a sentence without a full stop.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reason(Arc<str>);

impl Reason {
    pub(crate) fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string().into())
    }

    /// Returns the reason as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The cluster is unavailable, or did not reply in time.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unavailable {
    /// The operation had no effect.
    #[error("the cluster is away: {0}")]
    NotApplied(Reason),
    /// The operation may have had its effect: it was sent, and no reply arrived.
    #[error("the cluster did not answer: {0}")]
    Unknown(Reason),
}

/// Why a request to another daemon failed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// The other daemon did not act on it.
    #[error("{0}")]
    NotSent(Reason),
    /// The other daemon may have acted on it.
    #[error("{0}")]
    Unanswered(Reason),
}

/// Why an entry could not be appended.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AppendError {
    /// The queue is full.
    #[error("the queue of the cluster is full")]
    Full,
    /// An entry of that key and id exists, or did within the last day.
    #[error("the entry exists already")]
    Exists,
    /// The entry is too long.
    #[error("{length} bytes are too many for an entry of the queue, which has {max} at most")]
    TooLong {
        /// Its length, in bytes.
        length: usize,
        /// The limit, in bytes.
        max: usize,
    },
    /// The cluster is unavailable.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why an entry could not be changed or removed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ChangeError {
    /// Another daemon has changed or removed it in the meantime.
    #[error("the entry has been changed meanwhile")]
    Conflict,
    /// The new value is too long.
    #[error("{length} bytes are too many for an entry of the queue, which has {max} at most")]
    TooLong {
        /// Its length, in bytes.
        length: usize,
        /// The limit, in bytes.
        max: usize,
    },
    /// The cluster is unavailable.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a file could not be stored or read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FileError {
    /// The file is too long.
    #[error("{length} bytes are too many for a file of the cluster, which has {max} at most")]
    TooLong {
        /// Its length, in bytes.
        length: u64,
        /// The limit, in bytes.
        max: u64,
    },
    /// The store is full.
    #[error("the files of the cluster take up all the space that they have")]
    Full,
    /// There is no such file, or it has expired.
    #[error("the cluster has no such file")]
    Missing,
    /// The content read does not match its hash.
    #[error("the file of the cluster is damaged")]
    Damaged,
    /// The cluster is unavailable.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
