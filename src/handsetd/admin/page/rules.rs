//! The status of the rules, and dry runs.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{Form, State};
use axum::response::Response;
use minijinja::{Value, context};
use serde_json::Value as Json;

use super::{logs, render};
use crate::admin;
use crate::admin::feed::Payload;
use crate::admin::state::AppState;
use crate::events::RuleStatus;
use crate::history::{History, without_secrets};
use crate::rules::{Outline, Trace};

/// Handles `GET /page/rules`.
pub(super) async fn serve(State(state): State<Arc<AppState>>) -> Response {
    let rules = state.services.rules.statuses().await;
    let history = &state.services.history;
    let rows: Vec<Value> = rules.iter().map(|rule| row(rule, history)).collect();
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

fn row(rule: &RuleStatus, history: &History) -> Value {
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
        last_result => rule.traces.last().map(|last| without_secrets(&last.to_string())).unwrap_or_default(),
        warnings => &rule.warnings,
        traces => rule.traces.iter().rev().take(SHOWN).map(|trace| past(trace, history)).collect::<Vec<_>>(),
    }
}

/// A decision of the past with its steps, redacted as in the API.
fn past(trace: &Trace, history: &History) -> Value {
    let object = admin::rules::trace_to_json(trace, history);
    let text = |value: &Json, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let steps = object["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|step| {
            let status = text(step, "status");
            context! {
                text => step_text(step),
                badge => badge(&status),
                status,
                reason => text(step, "reason"),
            }
        });
    let end = match (
        text(&object["run"], "state").as_str(),
        text(&object["run"], "reason"),
    ) {
        ("cancelled", reason) => format!("Cancelled: {reason}."),
        ("failed", _) => "A step failed, so the steps after it were not taken.".to_owned(),
        _ => String::new(),
    };
    let verdict = trace.verdict.name();
    context! {
        at => object["at"].as_str().unwrap_or_default().replace(['T', 'Z'], " ").trim(),
        event => &trace.event,
        badge => badge(verdict),
        verdict,
        why => text(&object, "why"),
        steps => steps.collect::<Vec<_>>(),
        end,
    }
}

/// Returns what a step of the API does, as one line.
fn step_text(step: &Json) -> String {
    let mut words = Vec::new();
    for kind in ["verb", "wait", "webhook", "ami"] {
        if let Some(main) = step[kind].as_str() {
            words.extend((kind != "verb").then(|| kind.to_owned()));
            words.push(main.to_owned());
        }
    }
    let keys = step["keys"].as_object().into_iter().flatten();
    words.extend(keys.map(|(key, value)| format!("{key}={value}")));
    words.join(" ")
}

/// Returns the class of a badge: failures have the colour of errors.
fn badge(word: &str) -> &'static str {
    match word {
        "fired" | "queued" | "OK" => "good",
        "failed" => "failed",
        "busy" | "echo" | "limited" | "unmet" | "QUEUED" | "SKIPPED" => "idle",
        _ => "",
    }
}

/// How many decisions of a rule are shown.
const SHOWN: usize = 5;

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
