//! `GET status`: how the daemon does, for `handsetd status`.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::daemons::{Gathered, Question, Wanted};
use super::health::{Servers, cluster, cluster_state, listeners};
use super::query;
use super::question::LocalQuestion;
use super::reply::Reply;
use super::state::{AppState, Services};

/// Asks for the status of a daemon.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GetStatus {}

impl Question for GetStatus {
    const NAME: &'static str = "status";
    /// As in the reply of the API.
    type Answer = Map<String, Value>;
}

impl LocalQuestion for GetStatus {
    async fn here(self, services: &Services) -> Map<String, Value> {
        let own_url = services.courier.test_own_url().await;
        let own_url = own_url.map(|(url, outcome)| {
            json!({"url": url.to_string(), "status": outcome.status.word(), "reason": outcome.reason})
        });
        let rules = services.rules.statuses().await;
        let failing = rules.iter().filter_map(|rule| {
            let failed = rule.counters.failures();
            (failed > 0).then(|| json!({"name": rule.name, "failed": failed}))
        });
        let members = [
            ("version", json!(env!("CARGO_PKG_VERSION"))),
            ("listeners", json!(listeners(services))),
            ("asterisk", json!(Servers::of(services).all)),
            ("http_url", json!(own_url)),
            ("in_flight", json!(services.dispatcher.in_flight())),
            ("stored", json!(services.dispatcher.stored())),
            ("failing_rules", failing.collect()),
        ];
        let cluster = cluster_state(services).map(|state| ("cluster", cluster(&state)));
        members
            .into_iter()
            .chain(cluster)
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

/// Handles `GET status`: of the daemon that is asked, and in a cluster, as the member `daemons`, of the others.
pub(super) async fn get(State(state): State<Arc<AppState>>, RawQuery(query): RawQuery) -> Reply {
    let services = &state.services;
    let wanted = match query::daemon(query.as_deref(), &services.daemons) {
        Ok(wanted) => wanted,
        Err(reply) => return reply,
    };
    let Gathered { parts, missing } = GetStatus {}.of(&wanted, services).await;
    let mut all = parts.into_iter().map(|part| {
        let mut status = part.answer;
        if let Some(daemon) = part.daemon {
            status.insert("daemon".to_owned(), json!(*daemon));
        }
        status
    });
    let mut status = all.next().unwrap_or_default();
    if services.daemons.own().is_some() && wanted == Wanted::All {
        status.insert("daemons".to_owned(), all.collect());
    }
    Reply::ok(Value::Object(status)).with_missing(&services.daemons, &missing)
}
