//! Metrics that are recorded as things happen: deliveries and AGI sessions.
//!
//! Labels take few values, all of them defined by handsetd: never a phone, a channel or a reason.
//! What other components count (AMI connections, rules) is collected when `/metrics` is requested.

use std::time::Duration;

use handset_phones::phone::Vendor;
use handset_phones::verb::Verb;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tokio::time::Instant;

use crate::outcome::Status;

/// The metrics of deliveries and AGI sessions. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct DeliveryMetrics {
    deliveries: Family<DeliveryLabels, Counter>,
    delivery_duration: Family<VendorLabel, Histogram, fn() -> Histogram>,
    sessions: Counter,
    active_sessions: Gauge,
    session_duration: Histogram,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct DeliveryLabels {
    vendor: &'static str,
    verb: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct VendorLabel {
    vendor: &'static str,
}

/// An AGI session in progress; dropping it ends the session.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    metrics: &'a DeliveryMetrics,
    started_at: Instant,
}

impl DeliveryMetrics {
    /// Counts a finished delivery, and observes its duration if a phone was found.
    pub(crate) fn delivered(
        &self,
        vendor: Option<Vendor>,
        verb: &str,
        status: Status,
        duration: Duration,
    ) {
        let labels = DeliveryLabels {
            vendor: vendor.map_or("unknown", Vendor::name),
            verb: Verb::find(verb).map_or("unknown", Verb::name),
            status: status.word(),
        };
        self.deliveries.get_or_create(&labels).inc();
        if let Some(vendor) = vendor {
            let vendor = vendor.name();
            self.delivery_duration
                .get_or_create(&VendorLabel { vendor })
                .observe(duration.as_secs_f64());
        }
    }

    /// Counts an AGI session that starts now.
    pub(crate) fn session(&self) -> Session<'_> {
        self.sessions.inc();
        self.active_sessions.inc();
        Session {
            metrics: self,
            started_at: Instant::now(),
        }
    }

    /// Adds the metrics to `registry`.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "deliveries",
            "Finished deliveries by vendor, verb and status",
            self.deliveries.clone(),
        );
        registry.register_with_unit(
            "delivery",
            "Duration of deliveries, from the request to the reply of the phone",
            Unit::Seconds,
            self.delivery_duration.clone(),
        );
        registry.register(
            "agi_sessions",
            "AGI sessions started",
            self.sessions.clone(),
        );
        registry.register(
            "agi_sessions_active",
            "AGI sessions in progress",
            self.active_sessions.clone(),
        );
        registry.register_with_unit(
            "agi_session",
            "Duration of AGI sessions",
            Unit::Seconds,
            self.session_duration.clone(),
        );
    }
}

impl Default for DeliveryMetrics {
    fn default() -> Self {
        Self {
            deliveries: Family::default(),
            delivery_duration: Family::new_with_constructor(histogram),
            sessions: Counter::default(),
            active_sessions: Gauge::default(),
            session_duration: histogram(),
        }
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.metrics.active_sessions.dec();
        let duration = self.started_at.elapsed().as_secs_f64();
        self.metrics.session_duration.observe(duration);
    }
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

/// From a phone on the local network to one that times out, in seconds.
const BUCKETS: [f64; 11] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(metrics: &DeliveryMetrics) -> String {
        let mut registry = Registry::default();
        metrics.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        text
    }

    #[tokio::test(start_paused = true)]
    async fn deliveries_and_sessions_are_counted() {
        let metrics = DeliveryMetrics::default();
        let duration = Duration::from_millis(40);
        metrics.delivered(Some(Vendor::Snom), "push", Status::Ok, duration);
        metrics.delivered(Some(Vendor::Snom), "push", Status::Ok, duration);
        metrics.delivered(None, "unheard-of", Status::Invalid, duration);
        let session = metrics.session();
        tokio::time::advance(Duration::from_millis(200)).await;
        let text = encoded(&metrics);
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
        drop(session);
        let text = encoded(&metrics);
        for line in [
            "agi_sessions_active 0",
            "agi_sessions_total 1",
            "agi_session_seconds_sum 0.2",
        ] {
            assert!(text.contains(&format!("{line}\n")), "{line}: {text}");
        }
    }
}
