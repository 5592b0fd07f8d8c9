//! Metrics of the cluster.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::fleet::{ClusterState, Membership};

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct ResultLabel {
    result: &'static str,
}

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
    for (name, help, value) in gauges {
        let gauge: Gauge = Gauge::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    }
    let requests = Family::<ResultLabel, Counter>::default();
    for (result, count) in state.requests {
        requests
            .get_or_create(&ResultLabel { result })
            .inc_by(count);
    }
    registry.register("cluster_requests", "Requests to other daemons", requests);
    let lost: Counter = Counter::default();
    lost.inc_by(state.lost_events);
    registry.register(
        "cluster_events_lost",
        "Events that were not published in the cluster",
        lost,
    );
}
