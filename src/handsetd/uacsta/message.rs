//! A CSTA request on its way to a phone, and what became of it.

use crate::commit_point::NotCommitted;

/// A CSTA request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Message {
    /// The name of its root element, `AnswerCall`. The response is the element `AnswerCallResponse`.
    pub(crate) name: String,
    /// The whole document.
    pub(crate) document: String,
}

/// What a phone answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Reply {
    /// The status of the SIP response.
    pub(crate) status: u16,
    /// Its reason phrase.
    pub(crate) phrase: String,
    /// The CSTA document of the answer; empty if there is none.
    pub(crate) document: String,
}

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
