//! Why an action failed.

use std::sync::Arc;

/// Why an action failed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The action was not sent, because too many others are pending.
    #[error("{limit} actions are already waiting for Asterisk")]
    Busy {
        /// Maximum number of pending actions.
        limit: usize,
    },
    /// The list that answers the action exceeds [`Limits`](super::Limits).
    #[error("the list that answers {action} is longer than {limit}")]
    ListTooLong {
        /// Name of the action.
        action: String,
        /// The limit with its unit, for example `20000 items`.
        limit: String,
    },
    /// The action was not written to the connection.
    #[error("not sent: {reason}")]
    NotSent {
        /// Why there is no connection.
        reason: Arc<str>,
    },
    /// The action was written, but no response arrived; it may have been executed.
    #[error("no response to {action}, which may have been executed")]
    OutcomeUnknown {
        /// Name of the action.
        action: String,
    },
    /// Asterisk responded with an error.
    #[error("Asterisk refused {action}: {message}")]
    Refused {
        /// Name of the action.
        action: String,
        /// Asterisk's message, which differs between versions.
        message: String,
    },
}

impl Error {
    /// Returns whether the action was certainly not executed, so that it may be sent again.
    pub fn is_safe_to_retry(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::NotSent { .. } => true,
            Self::ListTooLong { .. } | Self::OutcomeUnknown { .. } | Self::Refused { .. } => false,
        }
    }
}
