//! `/rules/NAME`: what a rule does, what it decided last, and what it would do with a recent event.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::response::Response;
use minijinja::{Value, context};

use super::events;
use super::rules::{counters, last_fired};
use crate::admin::page::listing::Filters;
use crate::admin::page::shell::{self, View, Visitor};
use crate::admin::page::traces;
use crate::admin::state::AppState;

/// Handles `GET /rules/NAME`.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
) -> Response {
    let rules = state.services.rules.statuses().await;
    let Some(rule) = rules.iter().find(|rule| rule.name == name) else {
        let reason = format!("No rule is called {name:?}.");
        return shell::not_found(&state, &visitor, View::Rules, &reason);
    };
    let history = &state.services.history;
    let description = rule.description.as_ref();
    let past = rule.traces.iter().rev();
    let values = context! {
        name => &rule.name,
        description => description.map(|description| traces::description(description, history)),
        counters => counters(rule),
        last_fired => last_fired(rule),
        warnings => &rule.warnings,
        traces => past.map(|trace| traces::past(trace, history)).collect::<Vec<Value>>(),
        events => events::recent(&state, &Filters::default(), MAX_EVENTS),
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
