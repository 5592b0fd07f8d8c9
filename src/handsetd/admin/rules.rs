//! `GET rules` and `GET rules/NAME`: the rules, their counters and their last traces.

mod stream;
mod to_json;

pub(super) use stream::serve as stream;
pub(super) use to_json::{rule as to_json, trace as trace_to_json};

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use serde_json::Value;

use super::query;
use super::reply::Reply;
use super::state::AppState;
use crate::events::RuleStatus;

/// Handles `GET rules`, in order of the configuration.
pub(super) async fn list(State(state): State<Arc<AppState>>, RawQuery(query): RawQuery) -> Reply {
    if let Err(reply) = query::parse(query.as_deref(), &[], &[]) {
        return reply;
    }
    let rules = state.services.rules.statuses().await;
    Reply::ok(rules.iter().map(to_json::rule).collect())
}

/// Handles `GET rules/NAME`; the traces are ordered oldest first.
pub(super) async fn get(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Reply {
    if let Err(reply) = query::parse(query.as_deref(), &[], &[]) {
        return reply;
    }
    let rules = state.services.rules.statuses().await;
    let rule = match find(&rules, &name) {
        Ok(rule) => rule,
        Err(reply) => return reply,
    };
    let traces = rule.traces.iter();
    let traces: Vec<Value> = traces
        .map(|trace| to_json::trace(trace, &state.services.history))
        .collect();
    let mut object = to_json::rule(rule);
    object["traces"] = Value::from(traces);
    Reply::ok(object)
}

/// Returns the rule of that name, or a reply that suggests a similar one.
fn find<'a>(rules: &'a [RuleStatus], name: &str) -> Result<&'a RuleStatus, Reply> {
    if let Some(rule) = rules.iter().find(|rule| rule.name == name) {
        return Ok(rule);
    }
    let similar = rules
        .iter()
        .map(|rule| (strsim::osa_distance(&rule.name, name), &rule.name))
        .min()
        .filter(|(distance, _)| *distance <= MAX_DISTANCE);
    let advice = match similar {
        Some((_, similar)) => format!("did you mean {similar:?}?"),
        None if rules.is_empty() => "the configuration has no [[rule]]".to_owned(),
        None => "GET /api/v1/rules and handsetd rules list show all".to_owned(),
    };
    Err(Reply::not_found(format!("unknown rule {name:?}; {advice}")))
}

/// How many letters a similar name may differ in.
const MAX_DISTANCE: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str) -> RuleStatus {
        RuleStatus {
            name: name.to_owned(),
            on: vec!["Hangup".to_owned()],
            schedule: None,
            counters: crate::rules::Counters::default(),
            last_fired: None,
            traces: Vec::new(),
            warnings: Vec::new(),
        }
    }

    #[test]
    fn unknown_names_get_a_suggestion() {
        let rules = [rule("missed call"), rule("night")];
        let reason = |rules: &[RuleStatus], name: &str| {
            let reply = find(rules, name).unwrap_err();
            assert_eq!(reply.code(), axum::http::StatusCode::NOT_FOUND);
            reply.reason().to_owned()
        };
        assert_eq!(find(&rules, "night").unwrap().name, "night");
        assert_eq!(
            reason(&rules, "Missed call"),
            "unknown rule \"Missed call\"; did you mean \"missed call\"?"
        );
        assert!(reason(&rules, "door").contains("handsetd rules list"));
        assert!(reason(&[], "door").contains("has no [[rule]]"));
    }
}
