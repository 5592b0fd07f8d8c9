//! What rules decided, and what their runs have come to, for the views.

use minijinja::{Value, context};
use serde_json::Value as Json;

use super::listing;
use crate::admin::rules::{DescriptionRow, TraceRow};

/// Returns a decision of the past with its steps.
pub(super) fn past(trace: &TraceRow) -> Value {
    let text = |value: &Json, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let steps = trace.steps.iter().map(|step| {
        let status = text(step, "status");
        context! {
            text => step_text(step),
            badge => badge(&status),
            status,
            reason => text(step, "reason"),
        }
    });
    let run = trace.run.as_ref();
    let end = match run.map(|run| (run.state.as_str(), run.reason.as_deref())) {
        Some(("cancelled", reason)) => format!("Cancelled: {}.", reason.unwrap_or_default()),
        Some(("failed", _)) => "A step failed, so the steps after it were not taken.".to_owned(),
        _ => String::new(),
    };
    context! {
        at => listing::short_time(trace.at.as_deref().unwrap_or_default()),
        daemon => trace.daemon.as_deref(),
        event => &trace.event,
        badge => badge(&trace.verdict),
        verdict => &trace.verdict,
        why => &trace.why,
        steps => steps.collect::<Vec<_>>(),
        end,
    }
}

/// Returns what a rule does: when it fires, and its steps as written.
pub(super) fn description(description: &DescriptionRow) -> Value {
    let steps = description.steps.iter().map(|(condition, step)| {
        context! { text => step_text(step), condition => condition.as_deref() }
    });
    context! {
        fires => &description.fires,
        steps => steps.collect::<Vec<_>>(),
        meanwhile => &description.meanwhile,
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

/// Returns the class of a badge: failures have the color of errors.
fn badge(word: &str) -> &'static str {
    match word {
        "fired" | "queued" | "OK" => "good",
        "failed" => "failed",
        "busy" | "echo" | "limited" | "unmet" | "QUEUED" | "SKIPPED" => "idle",
        _ => "",
    }
}
