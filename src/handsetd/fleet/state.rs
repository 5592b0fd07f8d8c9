//! Whether this daemon is part of the cluster.

use std::fmt;
use std::time::SystemTime;

/// Whether this daemon is part of the cluster, for health, metrics and status.
pub(crate) trait ClusterHealth: fmt::Debug + Send + Sync {
    /// Returns how it is now.
    fn now(&self) -> ClusterState;
}

/// Whether this daemon is part of the cluster, and what else is known of the cluster.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ClusterState {
    /// The name of this daemon.
    pub(crate) name: String,
    pub(crate) membership: Membership,
    pub(crate) since: SystemTime,
    /// Why this daemon is no member; empty if it is one, or is joining.
    pub(crate) reason: String,
    /// The daemons that live, this one among them if it is a member, by name. While NATS is away, those that
    /// lived when it went.
    pub(crate) daemons: Vec<ClusterMember>,
    /// How many events were not published for other programs.
    pub(crate) lost_events: u64,
    /// How many requests to other daemons ended how.
    pub(crate) requests: [(&'static str, u64); 3],
    /// The Asterisk servers whose events this daemon acts on, by name.
    pub(crate) leads: Vec<String>,
}

/// Whether a daemon is part of the cluster.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Membership {
    /// It has just started.
    Joining,
    Joined,
    /// NATS is away or unusable.
    Alone,
    /// Another daemon that lives has its name.
    Refused,
}

/// A daemon that lives.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ClusterMember {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) since: SystemTime,
}

impl Membership {
    /// Returns its name in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Joining => "joining",
            Self::Joined => "joined",
            Self::Alone => "alone",
            Self::Refused => "refused",
        }
    }
}

impl ClusterState {
    /// Returns what to do about it; `None` if nothing is wrong.
    pub(crate) fn cure(&self) -> Option<&'static str> {
        match self.membership {
            Membership::Joined => None,
            Membership::Joining => Some("Wait some seconds."),
            Membership::Alone => Some(
                "Do the NATS servers run, with JetStream, more than half of them, at the addresses in [cluster] \
                 nats? Until then, each daemon goes on with what it has itself.",
            ),
            Membership::Refused => Some("Write another name in [cluster], and restart handsetd."),
        }
    }
}
