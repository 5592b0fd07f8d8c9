//! Registers values that other components hold.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct ResultLabel {
    result: &'static str,
}

/// Registers gauges, each with its name, its help text and its value.
pub(super) fn register_gauges<const N: usize>(
    registry: &mut Registry,
    gauges: [(&'static str, &'static str, impl TryInto<i64>); N],
) {
    for (name, help, value) in gauges {
        let gauge: Gauge = Gauge::default();
        gauge.set(value.try_into().unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    }
}

/// Registers counters, each with its name, its help text and its total.
pub(super) fn register_totals<const N: usize>(
    registry: &mut Registry,
    totals: [(&'static str, &'static str, u64); N],
) {
    for (name, help, total) in totals {
        let counter: Counter = Counter::default();
        counter.inc_by(total);
        registry.register(name, help, counter);
    }
}

/// Registers a counter for each result.
pub(super) fn register_results(
    registry: &mut Registry,
    name: &'static str,
    help: &'static str,
    results: impl IntoIterator<Item = (&'static str, u64)>,
) {
    let family = Family::<ResultLabel, Counter>::default();
    for (result, total) in results {
        family.get_or_create(&ResultLabel { result }).inc_by(total);
    }
    registry.register(name, help, family);
}
