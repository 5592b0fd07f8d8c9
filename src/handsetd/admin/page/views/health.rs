//! `/health`: what is wrong with handsetd and its surroundings, and what to do about it.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::Response;
use minijinja::value::Serde;
use minijinja::{Value, context};

use crate::admin::health::{Servers, cluster, cluster_state, listeners};
use crate::admin::page::last_reload;
use crate::admin::page::listing;
use crate::admin::page::shell::{self, View, Visitor};
use crate::admin::state::AppState;
use crate::outcome::Status;

/// Handles `GET /health`.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(visitor): Extension<Visitor>,
) -> Response {
    let services = &state.services;
    let own_url = services.courier.test_own_url().await;
    let own_url = own_url.map(|(url, outcome)| {
        let is_good = outcome.status == Status::Ok;
        context! { url => url.to_string(), is_good, reason => outcome.reason }
    });
    let rules = services.rules.statuses().await;
    let warned = rules.iter().filter(|rule| {
        let counters = rule.counters;
        !rule.warnings.is_empty() || 0 < counters.failed || 0 < counters.runs_failed
    });
    let warned: Vec<Value> = warned
        .map(|rule| {
            let failed = rule
                .counters
                .failed
                .saturating_add(rule.counters.runs_failed);
            let path = listing::segment(&rule.name);
            context! { name => &rule.name, path, failed, warnings => &rule.warnings }
        })
        .collect();
    let values = context! {
        version => env!("CARGO_PKG_VERSION"),
        listeners => Value::from(Serde(listeners(&state))),
        servers => Value::from(Serde(Servers::of(&state).with_cures())),
        cluster => cluster_state(&state).map(|state| Value::from(Serde(cluster(&state)))),
        own_url,
        faults => last_reload::faults(&state, &visitor),
        reload => last_reload::value(&state),
        rules => warned,
        in_flight => services.dispatcher.in_flight(),
        stored => services.dispatcher.stored(),
        open_circuit_breakers => services.courier.open_circuit_breakers(),
        refused => services.courier.refused_connections(),
    };
    shell::view(&state, &visitor, View::Health, "views/health.html", values)
}
