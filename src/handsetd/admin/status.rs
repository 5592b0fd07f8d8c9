//! `GET status`: how the daemon does, for `handsetd status`.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use serde_json::json;

use super::health::{Servers, cluster, cluster_state, listeners};
use super::query;
use super::reply::Reply;
use super::state::AppState;

/// Handles `GET status`.
pub(super) async fn get(State(state): State<Arc<AppState>>, RawQuery(query): RawQuery) -> Reply {
    if let Err(reply) = query::parse(query.as_deref(), &[], &[]) {
        return reply;
    }
    let services = &state.services;
    let own_url = services.courier.test_own_url().await;
    let own_url = own_url.map(|(url, outcome)| {
        json!({"url": url.to_string(), "status": outcome.status.word(), "reason": outcome.reason})
    });
    let rules = services.rules.statuses().await;
    let failing = rules.iter().filter_map(|rule| {
        let failed = rule
            .counters
            .failed
            .saturating_add(rule.counters.runs_failed);
        (failed > 0).then(|| json!({"name": rule.name, "failed": failed}))
    });
    let mut status = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "listeners": listeners(&state),
        "asterisk": Servers::of(&state).all,
        "http_url": own_url,
        "in_flight": services.dispatcher.in_flight(),
        "stored": services.dispatcher.stored(),
        "failing_rules": failing.collect::<Vec<_>>(),
    });
    if let Some(state) = cluster_state(&state) {
        status["cluster"] = cluster(&state);
    }
    Reply::ok(status)
}
