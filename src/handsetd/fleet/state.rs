//! The state of this daemon's membership in the cluster.

use std::fmt;
use std::time::SystemTime;

/// Reports the membership of this daemon, for health, metrics and status.
pub(crate) trait ClusterHealth: fmt::Debug + Send + Sync {
    /// Returns the current state.
    fn now(&self) -> ClusterState;
}

/// The membership of this daemon, and what else is known of the cluster.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ClusterState {
    /// The name of this daemon.
    pub(crate) name: String,
    pub(crate) membership: Membership,
    pub(crate) since: SystemTime,
    /// Why this daemon is not a member; empty if it is one, or is joining.
    pub(crate) reason: String,
    /// The live daemons by name, including this one if it is a member. While NATS is away, those that were
    /// live when it went away.
    pub(crate) daemons: Vec<ClusterMember>,
    /// The number of events that were not published on the bus.
    pub(crate) lost_events: u64,
    /// The number of requests to other daemons, by result.
    pub(crate) requests: [(&'static str, u64); 3],
    /// The names of the Asterisk servers whose events this daemon acts on.
    pub(crate) leads: Vec<String>,
}

/// The state of a membership.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Membership {
    /// It has just started.
    Joining,
    Joined,
    /// NATS is away or unusable.
    Alone,
    /// Another live daemon has the same name.
    Refused,
}

/// A live daemon.
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
    /// Returns the remedy; `None` if nothing is wrong.
    pub(crate) fn cure(&self) -> Option<&'static str> {
        match self.membership {
            Membership::Joined => None,
            Membership::Joining => Some("Wait some seconds."),
            Membership::Alone => Some(
                "Do the NATS servers run, with JetStream, more than half of them, at the addresses in [cluster] \
                 nats? Until then, each daemon continues with its own phones.",
            ),
            Membership::Refused => Some("Write another name in [cluster], and restart handsetd."),
        }
    }
}
