//! Metrics of CSTA sessions over SIP.

use prometheus_client::registry::Registry;

use super::values::{register_gauges, register_results, register_totals};
use crate::uacsta::SessionTotals;

/// Registers what is known of sessions.
pub(super) fn register(totals: &SessionTotals, registry: &mut Registry) {
    let gauges = [
        (
            "csta_registered",
            "Phones that are registered for CSTA sessions",
            totals.registered,
        ),
        ("csta_sessions", "CSTA sessions that are up", totals.up),
    ];
    register_gauges(registry, gauges);
    register_results(
        registry,
        "csta_requests",
        "Requests in CSTA sessions",
        totals.requests,
    );
    let counters = [
        (
            "csta_events",
            "Events that phones sent in CSTA sessions",
            totals.events,
        ),
        (
            "csta_sessions_lost",
            "CSTA sessions that were lost",
            totals.lost,
        ),
    ];
    register_totals(registry, counters);
}
