//! One rule by its name.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::to_json::{self, RuleRow, TraceRow};
use crate::admin::daemons::{Missing, Question, Wanted};
use crate::admin::question::LocalQuestion;
use crate::admin::reply::Reply;
use crate::admin::state::Services;
use crate::events::RuleStatus;
use crate::history::{History, without_secrets};
use crate::rules::Description;

/// Asks for a rule with its last traces.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct FindRule {
    pub(in crate::admin) name: String,
}

/// A rule of a daemon.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct RuleReport {
    /// `None` if there is no such rule.
    pub(in crate::admin) rule: Option<RuleRow>,
    /// Oldest first.
    pub(in crate::admin) traces: Vec<TraceRow>,
    pub(in crate::admin) description: Option<DescriptionRow>,
    /// Why there is no such rule.
    reason: String,
}

/// What a rule does.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct DescriptionRow {
    pub(in crate::admin) fires: String,
    /// The condition of each step, and the step in the form of the API.
    pub(in crate::admin) steps: Vec<(Option<String>, Value)>,
    pub(in crate::admin) meanwhile: String,
}

/// A rule of all daemons that have it.
#[derive(Debug)]
pub(in crate::admin) struct MergedRule {
    /// As the first of them has it, with the sum of the counters.
    pub(in crate::admin) rule: RuleRow,
    /// The first of them; `None` without `[cluster]`.
    pub(in crate::admin) daemon: Option<Arc<str>>,
    /// Oldest first.
    pub(in crate::admin) traces: Vec<TraceRow>,
    pub(in crate::admin) description: Option<DescriptionRow>,
    pub(in crate::admin) missing: Vec<Missing>,
}

impl Question for FindRule {
    const NAME: &'static str = "rule";
    type Answer = RuleReport;

    fn shorten(report: &mut RuleReport) -> bool {
        report.traces.drain(..report.traces.len().div_ceil(2));
        !report.traces.is_empty()
    }
}

impl LocalQuestion for FindRule {
    async fn here(self, services: &Services) -> RuleReport {
        let rules = services.rules.statuses().await;
        let history = &services.history;
        match find(&rules, &self.name) {
            Ok(rule) => {
                let traces = rule.traces.iter();
                let description = rule.description.as_ref();
                RuleReport {
                    rule: Some(RuleRow::of(rule)),
                    traces: traces.map(|trace| to_json::trace(trace, history)).collect(),
                    description: description.map(|description| describe(description, history)),
                    reason: String::new(),
                }
            }
            Err(reply) => RuleReport {
                reason: reply.reason().to_owned(),
                ..RuleReport::default()
            },
        }
    }
}

/// Returns a rule of the wanted daemons; or a reply that says why there is none.
pub(in crate::admin) async fn merged(
    services: &Services,
    wanted: &Wanted,
    name: String,
) -> Result<MergedRule, Reply> {
    let found = FindRule { name }.of(wanted, services).await;
    let mut merged: Option<MergedRule> = None;
    let mut reason = String::new();
    for part in found.parts {
        let report = part.answer;
        let Some(rule) = report.rule else {
            if reason.is_empty() {
                reason = report.reason;
            }
            continue;
        };
        let daemon = part.daemon;
        let traces = report.traces.into_iter().map(|trace| TraceRow {
            daemon: daemon.as_deref().map(ToOwned::to_owned),
            ..trace
        });
        match &mut merged {
            None => {
                merged = Some(MergedRule {
                    rule,
                    traces: traces.collect(),
                    description: report.description,
                    daemon,
                    missing: found.missing.clone(),
                });
            }
            Some(merged) => {
                merged.traces.extend(traces);
                merged.rule.counters.add(rule.counters);
                merged.rule.last = merged.rule.last.take().max(rule.last);
            }
        }
    }
    let Some(mut merged) = merged else {
        let reply = Reply::not_found(reason);
        return Err(reply.with_missing(&services.daemons, &found.missing));
    };
    if merged.daemon.is_some() {
        // Times in RFC 3339 of one length; those of one daemon keep their order.
        merged.traces.sort_by(|a, b| a.at.cmp(&b.at));
        let surplus = merged.traces.len().saturating_sub(MAX_TRACES);
        merged.traces.drain(..surplus);
    }
    Ok(merged)
}

fn describe(description: &Description, history: &History) -> DescriptionRow {
    let steps = description.steps.iter().map(|(condition, outline)| {
        let (kind, main) = outline.main();
        let keys = history.keys_to_json(&outline.texts());
        let step = serde_json::json!({kind: without_secrets(main), "keys": keys});
        (condition.as_deref().map(ToOwned::to_owned), step)
    });
    DescriptionRow {
        fires: without_secrets(&description.fires.join(", ")),
        steps: steps.collect(),
        meanwhile: description.meanwhile.to_owned(),
    }
}

/// How many traces of a rule are shown, of all daemons together.
const MAX_TRACES: usize = 200;

/// Returns the rule of that name, or a reply that suggests a similar one.
pub(super) fn find<'a>(rules: &'a [RuleStatus], name: &str) -> Result<&'a RuleStatus, Reply> {
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
            description: None,
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
