//! What rules decided, and what their runs have come to, for the views.

use minijinja::{Value, context};
use serde_json::Value as Json;

use crate::admin;
use crate::history::{History, without_secrets};
use crate::rules::{Description, Outline, Trace};

/// Returns a decision of the past with its steps, redacted as in the API.
pub(super) fn past(trace: &Trace, history: &History) -> Value {
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
    let at = text(&object, "at");
    let at = at.split('.').next().unwrap_or_default().replace('T', " ");
    context! {
        at,
        event => &trace.event,
        badge => badge(verdict),
        verdict,
        why => text(&object, "why"),
        steps => steps.collect::<Vec<_>>(),
        end,
    }
}

/// Returns what a rule would do with an event.
pub(super) fn dry_run(trace: &Trace) -> Value {
    let steps = trace.run().into_iter().flat_map(|run| run.steps.iter());
    let steps: Vec<String> = steps
        .map(|step| without_secrets(&Outline::from(step).to_string()))
        .collect();
    context! {
        rule => &*trace.rule,
        result => without_secrets(&trace.to_string()),
        fires => trace.run().is_some(),
        steps,
    }
}

/// Returns what a rule does: when it fires, and its steps as written.
pub(super) fn description(description: &Description, history: &History) -> Value {
    let steps = description.steps.iter().map(|(condition, outline)| {
        let (kind, main) = outline.main();
        let keys = history.keys_to_json(&outline.texts());
        let step = serde_json::json!({kind: without_secrets(main), "keys": keys});
        context! { text => step_text(&step), condition => condition.as_deref() }
    });
    context! {
        fires => without_secrets(&description.fires.join(", ")),
        steps => steps.collect::<Vec<_>>(),
        meanwhile => description.meanwhile,
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
