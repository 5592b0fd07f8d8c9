//! Requests without an answer.

use crate::commit_point::NotCommitted;

/// Why there is no answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum RequestError {
    /// Nothing was sent.
    #[error("{0}")]
    NotSent(String),
    /// The request was sent, and may have been executed.
    #[error("{0}")]
    NoAnswer(String),
    /// The delivery must not be sent.
    #[error(transparent)]
    NotCommitted(#[from] NotCommitted),
}
