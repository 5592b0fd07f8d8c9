//! Metrics of the cluster.

use prometheus_client::registry::Registry;

use super::values::{register_gauges, register_results, register_totals};
use crate::fleet::{ClusterState, Membership};

/// Registers what is known of the cluster.
pub(super) fn register(state: &ClusterState, registry: &mut Registry) {
    let is_joined = state.membership == Membership::Joined;
    let members = if is_joined { state.daemons.len() } else { 0 };
    let gauges = [
        (
            "cluster_connected",
            "Whether this daemon is a member of the cluster",
            usize::from(is_joined),
        ),
        (
            "cluster_members",
            "Daemons in the cluster, as far as this one knows",
            members,
        ),
        (
            "cluster_servers_led",
            "Asterisk servers whose events this daemon acts on",
            state.leads.len(),
        ),
    ];
    register_gauges(registry, gauges);
    register_results(
        registry,
        "cluster_requests",
        "Requests to other daemons",
        state.requests,
    );
    let totals = [(
        "cluster_events_lost",
        "Events that were not published in the cluster",
        state.lost_events,
    )];
    register_totals(registry, totals);
}
