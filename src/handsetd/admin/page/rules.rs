//! The rules: how they publisher, and what they would make of an event.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{Form, State};
use axum::response::Response;
use minijinja::{Value, context};

use super::{log, render};
use crate::admin::AppState;
use crate::admin::feed::Payload;
use crate::events::RuleStatus;
use crate::rules::Trace;

/// Answers `/page/rules`.
pub(super) async fn serve(State(state): State<Arc<AppState>>) -> Response {
    let rules = state.parts.rules.standings().await;
    let rows: Vec<Value> = rules.iter().map(row).collect();
    let none = Vec::<Value>::new;
    render::html(
        "rules.html",
        context! { rows, traces => none(), event => "", is_trial => false },
    )
}

/// Answers `/page/rehearsal`: a dry run against the event of that number.
pub(super) async fn rehearse(
    State(state): State<Arc<AppState>>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let number = form.iter().find(|(name, _)| name == "number");
    let number = number.and_then(|(_, number)| number.parse().ok());
    let news = number.and_then(|number| state.parts.feed.one(number));
    let none = Vec::<Value>::new;
    let fact = news.as_ref().and_then(|news| match &news.what {
        Payload::Fact(fact) => Some(fact.clone()),
        Payload::Delivery(_) => None,
    });
    let Some(fact) = fact else {
        let event = "an event that is forgotten by now";
        return render::html(
            "rules.html",
            context! { rows => none(), traces => none(), event, is_trial => true },
        );
    };
    let event = fact.name().to_owned();
    let traces = state.parts.rules.rehearse(fact).await;
    let traces: Vec<Value> = traces.iter().map(|one| trace(one)).collect();
    render::html(
        "rules.html",
        context! { rows => none(), traces, event, is_trial => true },
    )
}

fn row(rule: &RuleStatus) -> Value {
    let counters = rule.counters;
    let fired = rule
        .fired
        .and_then(|fired| SystemTime::now().checked_sub(fired.elapsed()));
    context! {
        name => &rule.name,
        on => &rule.on,
        fired => counters.fired,
        limited => counters.limited,
        failed => counters.failed,
        unmet => counters.unmet,
        skipped => counters.skipped.saturating_add(counters.echoed),
        last => fired.map(log::time).unwrap_or_default(),
        why => rule.traces.last().map(ToString::to_string).unwrap_or_default(),
    }
}

fn trace(trace: &Trace) -> Value {
    let steps: Vec<String> = trace.run().map_or_else(Vec::new, |run| {
        let steps = run.steps.iter().map(|step| {
            let pairs = step
                .pairs
                .iter()
                .map(|(key, value)| format!(" {key}={value:?}"));
            let pairs: Vec<String> = pairs.collect();
            format!("{}{}", step.request.verb, pairs.concat())
        });
        steps.collect()
    });
    context! { rule => &*trace.rule, why => trace.to_string(), fires => trace.run().is_some(), steps }
}
