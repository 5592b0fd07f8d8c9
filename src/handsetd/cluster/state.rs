//! Reports whether this daemon is part of the cluster.

use handset_cluster::{Cluster, State};

use super::election::Election;
use crate::fleet::{ClusterHealth, ClusterMember, ClusterState, Membership};

/// The sources of the report.
#[derive(Clone, Debug)]
pub(crate) struct ClusterView {
    pub(crate) cluster: Cluster,
    pub(crate) election: Election,
}

impl ClusterHealth for ClusterView {
    fn now(&self) -> ClusterState {
        let state = self.cluster.state().borrow().clone();
        let members = self.cluster.members();
        let members = members.borrow();
        let daemons = members.iter().map(|member| ClusterMember {
            name: member.name.to_string(),
            version: member.version.clone(),
            since: member.since,
        });
        let requests = self.cluster.request_totals();
        ClusterState {
            name: self.cluster.name().to_string(),
            membership: membership(&state),
            since: state.since(),
            reason: state.reason().map(ToString::to_string).unwrap_or_default(),
            daemons: daemons.collect(),
            lost_events: self.cluster.lost_events(),
            requests: [
                ("answered", requests.answered),
                ("not_sent", requests.not_sent),
                ("unanswered", requests.unanswered),
            ],
            leads: self.election.led(),
        }
    }
}

fn membership(state: &State) -> Membership {
    match state {
        State::Joining { .. } => Membership::Joining,
        State::Joined { .. } => Membership::Joined,
        State::Alone { .. } => Membership::Alone,
        State::Refused { .. } => Membership::Refused,
    }
}
