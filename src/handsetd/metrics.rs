//! What is counted and measured as it happens: deliveries, and calls of the dialplan.
//!
//! Labels have few values, all of them ours: never a phone, a channel or a reason. What others count
//! already (the manager's connections, the rules) is read when somebody asks, not here.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tokio::time::Instant;

use crate::outcome::Status;
use handset_phones::phone::Vendor;
use handset_phones::verb::Verb;

/// The counters. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct DeliveryMetrics {
    deliveries: Family<Delivery, Counter>,
    delivery: Family<OfVendor, Histogram, fn() -> Histogram>,
    sessions: Counter,
    active: Gauge,
    session: Histogram,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Delivery {
    vendor: &'static str,
    verb: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct OfVendor {
    vendor: &'static str,
}

/// A call that is being served; dropping this ends it.
#[derive(Debug)]
pub struct Session {
    metrics: DeliveryMetrics,
    since: Instant,
}

impl DeliveryMetrics {
    /// Counts a delivery that is over, and how long it took if there was a phone to take it to.
    pub fn delivered(&self, vendor: Option<Vendor>, verb: &str, status: Status, took: Duration) {
        let verb = Verb::find(verb).map_or("unknown", Verb::name);
        let labels = Delivery {
            vendor: vendor.map_or("unknown", Vendor::name),
            verb,
            status: status.word(),
        };
        self.deliveries.get_or_create(&labels).inc();
        if let Some(vendor) = vendor {
            let vendor = vendor.name();
            let histogram = self.delivery.get_or_create(&OfVendor { vendor });
            histogram.observe(took.as_secs_f64());
        }
    }

    /// Counts a call of the dialplan, for as long as what is returned lives.
    pub fn session(&self) -> Session {
        self.sessions.inc();
        self.active.inc();
        Session {
            metrics: self.clone(),
            since: Instant::now(),
        }
    }

    /// Adds all of them to `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "deliveries",
            "Deliveries that are over, by what came of them",
            self.deliveries.clone(),
        );
        registry.register_with_unit(
            "delivery",
            "How long a delivery took, from the request to the phone's answer",
            Unit::Seconds,
            self.delivery.clone(),
        );
        registry.register(
            "agi_sessions",
            "Calls of the dialplan that were served",
            self.sessions.clone(),
        );
        registry.register(
            "agi_sessions_active",
            "Calls of the dialplan that are being served",
            self.active.clone(),
        );
        registry.register_with_unit(
            "agi_session",
            "How long a call of the dialplan was held",
            Unit::Seconds,
            self.session.clone(),
        );
    }
}

impl Default for DeliveryMetrics {
    fn default() -> Self {
        Self {
            deliveries: Family::default(),
            delivery: Family::new_with_constructor(histogram),
            sessions: Counter::default(),
            active: Gauge::default(),
            session: histogram(),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.metrics.active.dec();
        let held = self.since.elapsed().as_secs_f64();
        self.metrics.session.observe(held);
    }
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

/// From a phone next door to one that does not answer, in seconds.
const BUCKETS: [f64; 11] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

#[cfg(test)]
mod tests {
    use super::*;

    fn told(metrics: &DeliveryMetrics) -> String {
        let mut registry = Registry::default();
        metrics.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        text
    }

    #[tokio::test(start_paused = true)]
    async fn deliveries_and_calls_are_counted() {
        let metrics = DeliveryMetrics::default();
        let took = Duration::from_millis(40);
        metrics.delivered(Some(Vendor::Snom), "push", Status::Ok, took);
        metrics.delivered(Some(Vendor::Snom), "push", Status::Ok, took);
        metrics.delivered(None, "no verb at all", Status::Invalid, took);
        let call = metrics.session();
        tokio::time::advance(Duration::from_millis(200)).await;
        let text = told(&metrics);
        for line in [
            "deliveries_total{vendor=\"snom\",verb=\"push\",status=\"OK\"} 2",
            "deliveries_total{vendor=\"unknown\",verb=\"unknown\",status=\"INVALID\"} 1",
            "delivery_seconds_bucket{le=\"0.025\",vendor=\"snom\"} 0",
            "delivery_seconds_bucket{le=\"0.05\",vendor=\"snom\"} 2",
            "agi_sessions_active 1",
            "agi_session_seconds_count 0",
        ] {
            assert!(text.contains(&format!("{line}\n")), "{line}: {text}");
        }
        drop(call);
        let text = told(&metrics);
        for line in [
            "agi_sessions_active 0",
            "agi_sessions_total 1",
            "agi_session_seconds_sum 0.2",
        ] {
            assert!(text.contains(&format!("{line}\n")), "{line}: {text}");
        }
    }
}
