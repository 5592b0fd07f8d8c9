//! `/rules/NAME`: what a rule does, what it decided last, and what it would do with a recent event.

use std::sync::Arc;

use axum::extract::{Extension, Path, RawQuery, State};
use axum::response::Response;
use minijinja::{Value, context};

use super::events::recent;
use super::rules::{counters, last_fired};
use crate::admin::page::listing::Filters;
use crate::admin::page::shell::{self, View, Visitor};
use crate::admin::page::{daemons, traces};
use crate::admin::rules;
use crate::admin::state::AppState;

/// Handles `GET /rules/NAME`.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let services = &state.services;
    let filters = Filters::parse(query.as_deref());
    let wanted = daemons::wanted(services, &filters);
    let merged = match rules::merged(services, &wanted, name.clone()).await {
        Ok(merged) => merged,
        Err(reply) => {
            let missing = reply
                .reason()
                .split_once("; ")
                .map_or("", |(_, missing)| missing);
            let reason = format!("No rule is called {name:?}. {missing}");
            return shell::not_found(&state, &visitor, View::Rules, reason.trim());
        }
    };
    let past = merged.traces.iter().rev();
    let all = Filters::default();
    let (events, _) = recent(services, &wanted, &all, MAX_EVENTS).await;
    let values = context! {
        name => &merged.rule.name,
        daemon => daemons::select(services, &filters),
        missing => daemons::banner(&merged.missing),
        description => merged.description.as_ref().map(traces::description),
        counters => counters(merged.rule.counters),
        last_fired => last_fired(&merged.rule),
        warnings => &merged.rule.warnings,
        traces => past.map(traces::past).collect::<Vec<Value>>(),
        events,
    };
    shell::page(
        &state,
        &visitor,
        View::Rules,
        &name,
        "views/rule.html",
        values,
    )
}

/// How many recent events are offered for a dry run.
const MAX_EVENTS: usize = 20;
