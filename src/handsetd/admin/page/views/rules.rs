//! `/rules`: the rules with their counters.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{Extension, State};
use axum::response::Response;
use minijinja::{Value, context};

use crate::admin::page::last_reload;
use crate::admin::page::listing;
use crate::admin::page::shell::{self, View, Visitor};
use crate::admin::state::AppState;
use crate::events::RuleStatus;
use crate::history::without_secrets;

/// Handles `GET /rules`.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(visitor): Extension<Visitor>,
) -> Response {
    let rules = state.services.rules.statuses().await;
    let rows: Vec<Value> = rules.iter().map(row).collect();
    let values = context! { rows, faults => last_reload::faults(&state, &visitor) };
    shell::view(&state, &visitor, View::Rules, "views/rules.html", values)
}

fn row(rule: &RuleStatus) -> Value {
    let last = rule.traces.last();
    context! {
        name => &rule.name,
        path => listing::segment(&rule.name),
        event => rule.on.iter().chain(&rule.schedule).map(String::as_str).collect::<Vec<_>>().join(", "),
        counters => counters(rule),
        last_fired => last_fired(rule),
        last_result => last.map(|trace| without_secrets(&trace.to_string())).unwrap_or_default(),
        warnings => &rule.warnings,
    }
}

/// Returns when a rule last fired; empty if it has not.
pub(super) fn last_fired(rule: &RuleStatus) -> String {
    let fired = rule.last_fired;
    let at = fired.and_then(|fired| SystemTime::now().checked_sub(fired.elapsed()));
    at.map(listing::time).unwrap_or_default()
}

/// Returns the counters of a rule, each with what it counts.
pub(super) fn counters(rule: &RuleStatus) -> Vec<Value> {
    let counters = rule.counters;
    let echoed = counters.skipped.saturating_add(counters.echoed);
    let failed = counters.failed.saturating_add(counters.runs_failed);
    [
        (
            "Fired",
            counters.fired,
            false,
            "It fired, at once or queued.",
        ),
        ("Unmet", counters.unmet, false, "Its condition was false."),
        (
            "Limited",
            counters.limited,
            false,
            "Its limit had not elapsed.",
        ),
        (
            "Skipped",
            echoed,
            false,
            "A run was active, or the rule itself caused the event.",
        ),
        (
            "Failed",
            failed,
            true,
            "A value was missing, a request was invalid, or a step failed.",
        ),
    ]
    .map(|(label, count, is_fault, meaning)| {
        context! { label, count, is_wrong => is_fault && 0 < count, meaning }
    })
    .to_vec()
}
