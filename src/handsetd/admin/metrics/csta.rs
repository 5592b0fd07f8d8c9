//! Metrics of CSTA sessions over SIP.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::uacsta::SessionTotals;

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct ResultLabel {
    result: &'static str,
}

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
    for (name, help, value) in gauges {
        let gauge: Gauge = Gauge::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    }
    let requests = Family::<ResultLabel, Counter>::default();
    for (result, count) in totals.requests {
        requests
            .get_or_create(&ResultLabel { result })
            .inc_by(count);
    }
    registry.register("csta_requests", "Requests in CSTA sessions", requests);
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
    for (name, help, value) in counters {
        let counter: Counter = Counter::default();
        counter.inc_by(value);
        registry.register(name, help, counter);
    }
}
