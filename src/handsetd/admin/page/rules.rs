//! The status of the rules, and dry runs.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{Form, State};
use axum::response::Response;
use minijinja::{Value, context};

use super::{logs, render};
use crate::admin::feed::Payload;
use crate::admin::state::AppState;
use crate::events::RuleStatus;
use crate::rules::{Outline, Trace};

/// Handles `GET /page/rules`.
pub(super) async fn serve(State(state): State<Arc<AppState>>) -> Response {
    let rules = state.services.rules.statuses().await;
    let rows: Vec<Value> = rules.iter().map(row).collect();
    render::html("rules.html", context! { rows })
}

/// Handles `POST /page/dry-run`: evaluates the rules for the event of that number, and sends nothing.
pub(super) async fn dry_run(
    State(state): State<Arc<AppState>>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let fact = form
        .iter()
        .find(|(name, _)| name == "number")
        .and_then(|(_, number)| number.parse().ok())
        .and_then(|number| state.services.feed.get(number))
        .and_then(|item| match &item.payload {
            Payload::Fact(fact) => Some(fact.clone()),
            Payload::Delivery(_) => None,
        });
    let Some(fact) = fact else {
        return render::html("dry_run.html", context! { is_known => false });
    };
    let event = fact.name().to_owned();
    let traces = state.services.rules.dry_run(fact).await;
    let traces: Vec<Value> = traces.iter().map(|rule| trace(rule)).collect();
    render::html("dry_run.html", context! { is_known => true, event, traces })
}

fn row(rule: &RuleStatus) -> Value {
    let counters = rule.counters;
    let last_fired = rule
        .last_fired
        .and_then(|fired| SystemTime::now().checked_sub(fired.elapsed()));
    context! {
        name => &rule.name,
        event => rule.on.iter().chain(&rule.schedule).map(String::as_str).collect::<Vec<_>>().join(", "),
        fired => counters.fired,
        limited => counters.limited,
        failed => counters.failed,
        unmet => counters.unmet,
        skipped => counters.skipped.saturating_add(counters.echoed),
        last_fired => last_fired.map(logs::time).unwrap_or_default(),
        last_result => rule.traces.last().map(ToString::to_string).unwrap_or_default(),
    }
}

fn trace(trace: &Trace) -> Value {
    let mut steps = Vec::new();
    for step in trace.run().iter().flat_map(|run| run.steps.iter()) {
        steps.push(Outline::from(step).to_string());
    }
    context! {
        rule => &*trace.rule,
        result => trace.to_string(),
        fires => trace.run().is_some(),
        steps,
    }
}
