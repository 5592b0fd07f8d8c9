//! What can become of an action that got no answer to be glad about.

use std::sync::Arc;

/// Why an action has no result.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Too many actions wait already; this one was not sent.
    #[error("{limit} actions are already waiting for Asterisk")]
    Busy {
        /// How many may wait.
        limit: usize,
    },
    /// Asterisk's list was longer than we hold.
    #[error("the list that answers {action} is longer than {limit}")]
    ListTooLong {
        /// The name of the action.
        action: String,
        /// The limit with its unit, as `20000 items`.
        limit: String,
    },
    /// The action never reached the wire.
    #[error("not sent: {reason}")]
    NotSent {
        /// Why there was nobody to send it to.
        reason: Arc<str>,
    },
    /// The action was written, and no answer came; it may have been executed.
    #[error("no answer to {action}: it may have been executed")]
    OutcomeUnknown {
        /// The name of the action.
        action: String,
    },
    /// Asterisk said no.
    #[error("Asterisk refused {action}: {message}")]
    Refused {
        /// The name of the action.
        action: String,
        /// Asterisk's words.
        message: String,
    },
}

impl Error {
    /// Returns whether the same action may be sent again without doing anything twice.
    pub fn is_safe_to_retry(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::NotSent { .. } => true,
            Self::ListTooLong { .. } | Self::OutcomeUnknown { .. } | Self::Refused { .. } => false,
        }
    }
}
