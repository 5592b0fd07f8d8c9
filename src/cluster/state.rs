//! Whether this daemon is part of the cluster.

use std::time::SystemTime;

use crate::error::Reason;

/// Whether this daemon is part of the cluster. Connected is not joined: a NATS without a quorum accepts
/// connections and stores nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum State {
    /// It has just started, and is joining.
    Joining {
        /// Since when.
        since: SystemTime,
    },
    /// It is a member.
    Joined {
        /// Since when.
        since: SystemTime,
    },
    /// NATS is away, or unusable.
    Alone {
        /// Since when.
        since: SystemTime,
        /// What failed.
        reason: Reason,
    },
    /// Another daemon that lives has the name of this one.
    Refused {
        /// Since when.
        since: SystemTime,
        /// Which one, and what to change.
        reason: Reason,
    },
}

impl State {
    /// Returns whether this daemon is a member.
    pub fn is_joined(&self) -> bool {
        matches!(self, Self::Joined { .. })
    }

    /// Returns since when the state lasts.
    pub fn since(&self) -> SystemTime {
        match self {
            Self::Joining { since }
            | Self::Joined { since }
            | Self::Alone { since, .. }
            | Self::Refused { since, .. } => *since,
        }
    }

    /// Returns why this daemon is not a member.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Joining { .. } | Self::Joined { .. } => None,
            Self::Alone { reason, .. } | Self::Refused { reason, .. } => Some(reason),
        }
    }
}
