//! `/metrics`: all that is counted, for Prometheus.

use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::AppState;
use crate::dispatch::Dispatcher;
use crate::events::RuleStatus;
use handset_ami::{Client, Totals};

/// Answers `/metrics`.
pub(super) async fn serve(State(state): State<Arc<AppState>>) -> Response {
    let parts = &state.parts;
    let server = |client: &Client| {
        let is_connected = client.state().borrow().is_connected();
        (client.name().to_owned(), is_connected, client.totals())
    };
    let servers = parts.health.servers.borrow().iter().map(server).collect();
    let snapshot = Snapshot {
        servers,
        rules: parts.rules.standings().await,
        in_flight: parts.dispatcher.in_flight(),
        waiting: parts.dispatcher.waiting(),
        held: parts.dispatcher.held(),
        spared: parts.dispatcher.courier().spared(),
    };
    match text(&parts.dispatcher, &snapshot) {
        Ok(text) => ([(CONTENT_TYPE, FORMAT)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Payload is counted elsewhere, at one moment.
#[derive(Debug)]
struct Snapshot {
    servers: Vec<(String, bool, Totals)>,
    rules: Vec<RuleStatus>,
    in_flight: usize,
    waiting: usize,
    held: usize,
    spared: usize,
}

/// A name, what it says, and how to read it.
type Counted<T> = (&'static str, &'static str, fn(&T) -> u64);

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct OfServer {
    server: String,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct OfRule {
    rule: String,
}

fn text(dispatcher: &Dispatcher, snapshot: &Snapshot) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("handsetd");
    dispatcher.metrics().register(&mut registry);
    snapshot.register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

impl Snapshot {
    fn register(&self, registry: &mut Registry) {
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version of handsetd", version);
        let gauges = [
            (
                "deliveries_under_way",
                "Deliveries that wait or are being sent",
                self.in_flight,
            ),
            (
                "deliveries_waiting",
                "Deliveries that wait for another one to the same phone",
                self.waiting,
            ),
            (
                "deliveries_held",
                "Deliveries that are kept until their phone has them",
                self.held,
            ),
            (
                "breakers_open",
                "Phones that give no sign of life and are asked only now and then (open breakers)",
                self.spared,
            ),
        ];
        for (name, help, count) in gauges {
            let gauge: Gauge = Gauge::default();
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
            registry.register(name, help, gauge);
        }
        self.register_servers(registry);
        self.register_rules(registry);
    }

    fn register_servers(&self, registry: &mut Registry) {
        let connected = Family::<OfServer, Gauge>::default();
        for (server, is_connected, _) in &self.servers {
            let server = server.clone();
            connected
                .get_or_create(&OfServer { server })
                .set((*is_connected).into());
        }
        let help = "Whether the manager interface of an Asterisk is connected";
        registry.register("ami_connected", help, connected);
        let counters: [Counted<Totals>; 4] = [
            ("ami_connections", "Logins that succeeded", |totals| {
                totals.connections
            }),
            ("ami_events", "Events that came", |totals| totals.events),
            (
                "ami_events_dropped",
                "Events that one of our listeners was too slow for",
                |totals| totals.lost,
            ),
            (
                "ami_packets_skipped",
                "Packets that could not be used",
                |totals| totals.skipped,
            ),
        ];
        for (name, help, count) in counters {
            let family = Family::<OfServer, Counter>::default();
            for (server, _, totals) in &self.servers {
                let server = server.clone();
                family
                    .get_or_create(&OfServer { server })
                    .inc_by(count(totals));
            }
            registry.register(name, help, family);
        }
    }

    fn register_rules(&self, registry: &mut Registry) {
        let counters: [Counted<RuleStatus>; 6] = [
            ("rules_fired", "Times that a rule fired", |rule| {
                rule.counters.fired
            }),
            (
                "rules_limited",
                "Times that a limit kept a rule from firing",
                |rule| rule.counters.limited,
            ),
            ("rules_failed", "Times that a rule failed", |rule| {
                rule.counters.failed
            }),
            (
                "rules_unmet",
                "Times that a condition was not met",
                |rule| rule.counters.unmet,
            ),
            (
                "rules_skipped",
                "Times that the mode kept a rule from firing",
                |rule| rule.counters.skipped,
            ),
            (
                "rules_echoed",
                "Events that a rule had brought about itself",
                |rule| rule.counters.echoed,
            ),
        ];
        for (name, help, count) in counters {
            let family = Family::<OfRule, Counter>::default();
            for standing in &self.rules {
                let rule = standing.name.clone();
                family
                    .get_or_create(&OfRule { rule })
                    .inc_by(count(standing));
            }
            registry.register(name, help, family);
        }
    }
}

const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::metrics::DeliveryMetrics;
    use crate::outcome::Status;
    use crate::rules::Counters;
    use handset_phones::phone::Vendor;

    /// The names of all series, as Prometheus has them, and those of their families.
    fn names() -> (BTreeSet<String>, BTreeSet<String>) {
        let mut registry = Registry::with_prefix("handsetd");
        let metrics = DeliveryMetrics::default();
        metrics.delivered(Some(Vendor::Snom), "push", Status::Ok, Duration::ZERO);
        metrics.register(&mut registry);
        let snapshot = Snapshot {
            servers: vec![("pbx".to_owned(), true, Totals::default())],
            rules: vec![RuleStatus {
                name: "rule".to_owned(),
                on: String::new(),
                counters: Counters::default(),
                fired: None,
                traces: Vec::new(),
            }],
            in_flight: 0,
            waiting: 0,
            held: 0,
            spared: 0,
        };
        snapshot.register(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let (mut series, mut families) = (BTreeSet::new(), BTreeSet::new());
        for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
            let (name, kind) = line.split_once(' ').unwrap();
            families.insert(name.to_owned());
            let suffixes: &[&str] = match kind {
                "counter" => &["_total"],
                "histogram" => &["_bucket", "_sum", "_count"],
                "info" => &["_info"],
                _ => &[""],
            };
            series.extend(suffixes.iter().map(|suffix| format!("{name}{suffix}")));
        }
        (series, families)
    }

    fn packaged(name: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("packaging")
            .join(name);
        fs::read_to_string(path).unwrap()
    }

    /// The words of a text that are names of ours.
    fn used(text: &str) -> BTreeSet<String> {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let ours = words.filter(|word| word.starts_with("handsetd_"));
        ours.map(ToOwned::to_owned).collect()
    }

    #[test]
    fn the_dashboard_shows_every_metric_and_no_other() {
        let text = packaged("grafana/handsetd.json");
        let board: serde_json::Value = serde_json::from_str(&text).unwrap();
        let panels = board["panels"].as_array().unwrap();
        let targets = panels
            .iter()
            .flat_map(|panel| panel["targets"].as_array().unwrap());
        let queries: String = targets
            .map(|target| target["expr"].as_str().unwrap())
            .collect::<Vec<_>>()
            .join(" ");
        let (series, families) = names();
        let shown = used(&queries);
        assert!(!shown.is_empty());
        let unknown: Vec<_> = shown.difference(&series).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        let missing: Vec<_> = families
            .iter()
            .filter(|family| !shown.iter().any(|name| name.starts_with(family.as_str())))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn the_alerts_ask_for_metrics_that_exist() {
        let text = packaged("prometheus/alerts.yml");
        let (series, _) = names();
        let queries: Vec<&str> = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("expr: "))
            .collect();
        assert_eq!(queries.len(), text.matches("- alert: ").count());
        assert!(queries.len() >= 5);
        for query in queries {
            let names = used(query);
            assert!(!names.is_empty(), "{query}");
            let unknown: Vec<_> = names.difference(&series).collect();
            assert!(unknown.is_empty(), "{query}: {unknown:?}");
        }
    }
}
