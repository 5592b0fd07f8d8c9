//! `/metrics`: all metrics, for Prometheus.

mod cluster;
mod csta;
mod text_format;
mod values;

use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use handset_ami::Totals;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::health::cluster_state;
use super::state::AppState;
use crate::events::RuleStatus;
use crate::fleet::ClusterState;
use crate::history::HistoryFigures;
use crate::metrics::DeliveryMetrics;
use crate::telemetry;
use crate::uacsta::SessionTotals;
use text_format::TextFormat;
use values::{register_gauges, register_totals};

/// Handles `/metrics`: text format 0.0.4, or `OpenMetrics` if `Accept` asks for it.
pub(super) async fn serve(State(state): State<Arc<AppState>>, headers: HeaderMap) -> Response {
    let snapshot = Snapshot::take(&state).await;
    let format = TextFormat::wanted(&headers);
    match encode_all(&state.services.metrics, &snapshot) {
        Ok(text) => {
            let headers = [(CONTENT_TYPE, format.content_type()), (VARY, "Accept")];
            (headers, format.convert(text)).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The values that other components hold, at one moment.
#[derive(Debug, Default)]
struct Snapshot {
    servers: Vec<ServerStatus>,
    rules: Vec<RuleStatus>,
    in_flight: usize,
    waiting: usize,
    stored: usize,
    open_circuit_breakers: usize,
    history: HistoryFigures,
    log_lines_left_out: u64,
    wrong_tokens: Counter,
    refused_connections: u64,
    /// `None` without `[uacsta]`.
    sessions: Option<SessionTotals>,
    /// `None` without `[cluster]`.
    cluster: Option<ClusterState>,
}

#[derive(Debug)]
struct ServerStatus {
    name: String,
    is_connected: bool,
    totals: Totals,
}

/// The name of a counter, its help text, and how to read it.
type CounterOf<T> = (&'static str, &'static str, fn(&T) -> u64);

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct ServerLabel {
    server: String,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct RuleLabel {
    rule: String,
}

fn encode_all(metrics: &DeliveryMetrics, snapshot: &Snapshot) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("handsetd");
    metrics.register(&mut registry);
    snapshot.register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

impl Snapshot {
    async fn take(state: &AppState) -> Self {
        let services = &state.services;
        let servers = services
            .health
            .servers
            .borrow()
            .iter()
            .map(|client| ServerStatus {
                name: client.name().to_owned(),
                is_connected: client.state().borrow().is_connected(),
                totals: client.totals(),
            })
            .collect();
        Self {
            servers,
            rules: services.rules.statuses().await,
            in_flight: services.dispatcher.in_flight(),
            waiting: services.dispatcher.waiting(),
            stored: services.dispatcher.stored(),
            open_circuit_breakers: services.courier.open_circuit_breakers(),
            history: services.history.figures(),
            log_lines_left_out: telemetry::lines_left_out(),
            wrong_tokens: state.wrong_tokens.total(),
            refused_connections: services.courier.refused_connections(),
            sessions: services.resolver.session_totals(),
            cluster: cluster_state(&state.services),
        }
    }

    fn register(&self, registry: &mut Registry) {
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Version of handsetd", version);
        let gauges = [
            (
                "deliveries_in_flight",
                "Deliveries that are queued, stored or being sent",
                self.in_flight,
            ),
            (
                "deliveries_waiting",
                "Deliveries queued behind another delivery to the same phone",
                self.waiting,
            ),
            (
                "deliveries_stored",
                "Deliveries stored in the outbox until their phone is reachable",
                self.stored,
            ),
            (
                "circuit_breakers_open",
                "Phones whose circuit breaker is open",
                self.open_circuit_breakers,
            ),
            (
                "history_deliveries",
                "Deliveries in the history",
                self.history.deliveries,
            ),
            (
                "history_unwritten",
                "Deliveries in the history whose last change is not on the disk yet",
                self.history.unwritten,
            ),
        ];
        register_gauges(registry, gauges);
        registry.register(
            "admin_wrong_tokens",
            "Wrong tokens presented to the admin server",
            self.wrong_tokens.clone(),
        );
        let totals = [
            (
                "history_write_errors",
                "Failed attempts to store the history",
                self.history.write_errors,
            ),
            (
                "log_lines_left_out",
                "Lines left out of the log, since it was read too slowly or could not be written",
                self.log_lines_left_out,
            ),
            (
                "phone_connections_refused",
                "Connections to the phone-facing server refused by http.allow",
                self.refused_connections,
            ),
        ];
        register_totals(registry, totals);
        if let Some(totals) = &self.sessions {
            csta::register(totals, registry);
        }
        if let Some(state) = &self.cluster {
            cluster::register(state, registry);
        }
        self.register_servers(registry);
        self.register_rules(registry);
    }

    fn register_servers(&self, registry: &mut Registry) {
        let connected = Family::<ServerLabel, Gauge>::default();
        for server in &self.servers {
            connected
                .get_or_create(&server.label())
                .set(server.is_connected.into());
        }
        registry.register(
            "ami_connected",
            "Whether the AMI connection to an Asterisk server is up",
            connected,
        );
        let counters: [CounterOf<Totals>; 4] = [
            ("ami_connections", "Successful AMI logins", |totals| {
                totals.connections
            }),
            ("ami_events", "AMI events received", |totals| totals.events),
            (
                "ami_events_dropped",
                "AMI events dropped because a subscriber was too slow",
                |totals| totals.lost,
            ),
            (
                "ami_packets_skipped",
                "Malformed AMI packets skipped",
                |totals| totals.skipped,
            ),
        ];
        for (name, help, value) in counters {
            let family = Family::<ServerLabel, Counter>::default();
            for server in &self.servers {
                family
                    .get_or_create(&server.label())
                    .inc_by(value(&server.totals));
            }
            registry.register(name, help, family);
        }
    }

    fn register_rules(&self, registry: &mut Registry) {
        let counters: [CounterOf<RuleStatus>; 8] = [
            ("rules_fired", "Times a rule fired", |rule| {
                rule.counters.fired
            }),
            (
                "rules_limited",
                "Times a limit prevented a rule from firing",
                |rule| rule.counters.limited,
            ),
            ("rules_failed", "Times a rule failed", |rule| {
                rule.counters.failed
            }),
            (
                "rules_unmet",
                "Times the condition of a rule was not met",
                |rule| rule.counters.unmet,
            ),
            (
                "rules_skipped",
                "Times the mode of a rule prevented it from firing",
                |rule| rule.counters.skipped,
            ),
            (
                "rules_echoed",
                "Events ignored because the rule itself had caused them",
                |rule| rule.counters.echoed,
            ),
            (
                "rules_runs_failed",
                "Runs that ended early because a step failed",
                |rule| rule.counters.runs_failed,
            ),
            (
                "rules_runs_cancelled",
                "Runs cancelled before their end because the rule fired again",
                |rule| rule.counters.runs_cancelled,
            ),
        ];
        for (name, help, value) in counters {
            let family = Family::<RuleLabel, Counter>::default();
            for status in &self.rules {
                let rule = status.name.clone();
                family
                    .get_or_create(&RuleLabel { rule })
                    .inc_by(value(status));
            }
            registry.register(name, help, family);
        }
    }
}

impl ServerStatus {
    fn label(&self) -> ServerLabel {
        let server = self.name.clone();
        ServerLabel { server }
    }
}

#[cfg(test)]
mod tests;
