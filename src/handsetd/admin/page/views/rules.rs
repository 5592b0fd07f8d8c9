//! `/rules`: the rules with their counters.

use std::sync::Arc;

use axum::extract::{Extension, RawQuery, State};
use axum::response::Response;
use minijinja::{Value, context};

use crate::admin::page::listing::{self, Filters};
use crate::admin::page::shell::{self, View, Visitor};
use crate::admin::page::{daemons, last_reload};
use crate::admin::question::LocalQuestion;
use crate::admin::rules::{ListRules, RuleRow};
use crate::admin::state::AppState;
use crate::rules::Counters;

/// Handles `GET /rules`; `daemon` narrows the list.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(visitor): Extension<Visitor>,
    RawQuery(query): RawQuery,
) -> Response {
    let services = &state.services;
    let filters = Filters::parse(query.as_deref());
    let wanted = daemons::wanted(services, &filters);
    let (rules, missing) = ListRules {}.of(&wanted, services).await.into_rows();
    let rows = rules.iter();
    let rows: Vec<Value> = rows
        .map(|(daemon, rule)| row(daemon.as_deref(), rule))
        .collect();
    let values = context! {
        rows,
        has_daemons => services.daemons.own().is_some(),
        daemon => daemons::select(services, &filters),
        missing => daemons::banner(&missing),
        faults => last_reload::faults(&state, &visitor),
    };
    shell::view(&state, &visitor, View::Rules, "views/rules.html", values)
}

fn row(daemon: Option<&str>, rule: &RuleRow) -> Value {
    let path = format!("/rules/{}", listing::segment(&rule.name));
    context! {
        daemon,
        name => &rule.name,
        address => listing::of_daemon(&path, daemon),
        event => rule.on.iter().chain(&rule.schedule).map(String::as_str).collect::<Vec<_>>().join(", "),
        counters => counters(rule.counters),
        last_fired => last_fired(rule),
        last_result => &rule.last_result,
        warnings => &rule.warnings,
    }
}

/// Returns when a rule last fired; empty if it has not.
pub(super) fn last_fired(rule: &RuleRow) -> String {
    let at = rule.last.as_deref().unwrap_or_default();
    listing::short_time(at)
}

/// Returns the counters of a rule, each with what it counts.
pub(super) fn counters(counters: Counters) -> Vec<Value> {
    let echoed = counters.skipped.saturating_add(counters.echoed);
    let failed = counters.failures();
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
