//! Whether this daemon is part of the cluster.

use std::time::SystemTime;

use crate::error::Reason;

/// Whether this daemon is part of the cluster. Connected does not mean joined: NATS without a quorum accepts
/// connections but stores nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum State {
    /// It has just started, and is joining.
    Joining {
        /// When it started.
        since: SystemTime,
    },
    /// It is a member.
    Joined {
        /// When it joined.
        since: SystemTime,
    },
    /// NATS is away, or unusable.
    Alone {
        /// When it became alone.
        since: SystemTime,
        /// The failure.
        reason: Reason,
    },
    /// Another live daemon has the same name.
    Refused {
        /// When it was refused.
        since: SystemTime,
        /// The other daemon, and the remedy.
        reason: Reason,
    },
}

impl State {
    /// Returns whether this daemon is a member.
    pub fn is_joined(&self) -> bool {
        matches!(self, Self::Joined { .. })
    }

    /// Returns when this state began.
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
