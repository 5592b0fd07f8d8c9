//! Tests of a rule: an event, and the steps that the rule must take for it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::concurrency::Run;
use super::config::{Rule, RuleTest, TestedStep};
use super::context::Moment;
use super::engine::Engine;
use super::error::Error;
use super::fact::{Fact, SCHEDULE};
use super::step::{self, Outline, Reached, StepAction, StepResult, StepResults, StepStatus};
use super::time_zone;
use super::trace::Verdict;
use crate::outcome::Status;

/// Why a test of a rule failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TestFailure {
    /// The rule takes other steps, or none.
    #[error("expected {expected}; got {got}")]
    Differs {
        /// The expected steps.
        expected: String,
        /// The actual steps, or why there are none.
        got: String,
    },
    /// An expected step is none.
    #[error("expect: {0}")]
    Expect(Error),
    /// The event has no header `Event`.
    #[error("the event has no name; add Event = {on:?}")]
    Nameless {
        /// Name of an event that the rule handles.
        on: String,
    },
    /// The time is none.
    #[error(
        "now: invalid time {text:?}; use one such as \"2026-11-27T18:30\", with an offset if it is not in the zone of the rule"
    )]
    Now {
        /// The value of `now`.
        text: String,
    },
    /// A step cannot be filled in.
    #[error("a step fails: {0}")]
    Step(Error),
    /// The rule does not compile.
    #[error("the rule does not compile")]
    Uncompiled,
    /// A status does not exist.
    #[error("steps.{id}: unknown status {status:?}; use one such as OK, DENIED or UNREACHABLE")]
    UnknownStatus {
        /// Name of the step.
        id: String,
        /// The status.
        status: String,
    },
    /// The rule has no such step.
    #[error("steps.{id}: the rule has no step with id = {id:?}")]
    UnknownStep {
        /// Name of the step.
        id: String,
    },
}

/// Runs one test of a rule, without other rules and with empty memory.
pub(crate) fn run(rule: &Rule, test: &RuleTest, now: Moment) -> Result<(), TestFailure> {
    let mut engine =
        Engine::new(std::slice::from_ref(rule)).map_err(|_| TestFailure::Uncompiled)?;
    let now = match &test.now {
        Some(text) => Moment {
            clock: parse_time(text, rule)?,
            ..now
        },
        None => now,
    };
    let mut headers = test.event.clone();
    // A test concerns this rule only.
    if headers
        .get("Event")
        .is_some_and(|event| event.eq_ignore_ascii_case(SCHEDULE))
    {
        headers
            .entry("Rule".to_owned())
            .or_insert_with(|| rule.name.clone());
    }
    let fact = Fact::of_headers(headers).ok_or_else(|| TestFailure::Nameless {
        on: rule.on.first().map_or(SCHEDULE, String::as_str).to_owned(),
    })?;
    let expected = test.expect.iter().map(step::expected);
    let expected: Vec<Outline> = expected
        .collect::<Result<_, _>>()
        .map_err(TestFailure::Expect)?;
    let (_, traces) = engine.explain(&fact, now);
    let trace = traces.first().ok_or(TestFailure::Uncompiled)?;
    let results = results(rule, test)?;
    let got = match trace.run() {
        Some(run) => simulate(run, &results, now).map_err(TestFailure::Step)?,
        None => Vec::new(),
    };
    let is_failed = matches!(trace.verdict, Verdict::Failed(_));
    let is_same = expected.len() == got.len()
        && expected
            .iter()
            .zip(&got)
            .all(|(expected, got)| got.fits(expected));
    if is_same && !is_failed {
        return Ok(());
    }
    let reason = |steps: &[Outline]| match steps {
        [] => format!("nothing, because it {trace}"),
        steps => Steps(steps).to_string(),
    };
    Err(TestFailure::Differs {
        expected: Steps(&expected).to_string(),
        got: reason(&got),
    })
}

/// Parses the time of a test, in the zone of its rule unless it has an offset.
fn parse_time(text: &str, rule: &Rule) -> Result<Timestamp, TestFailure> {
    let invalid = || TestFailure::Now {
        text: text.to_owned(),
    };
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let zone = time_zone::find(rule.timezone.as_deref()).map_err(|_| TestFailure::Uncompiled)?;
    let local: DateTime = text.parse().map_err(|_| invalid())?;
    let zoned = local.to_zoned(zone).map_err(|_| invalid())?;
    Ok(zoned.timestamp())
}

/// Returns what the steps come to, by their `id`.
fn results(rule: &Rule, test: &RuleTest) -> Result<BTreeMap<String, StepResult>, TestFailure> {
    let ids: Vec<&str> = rule.steps.iter().filter_map(step::id).collect();
    let result = |(id, tested): (&String, &TestedStep)| {
        let id = id.as_str();
        if !ids.contains(&id) {
            return Err(TestFailure::UnknownStep { id: id.to_owned() });
        }
        let status = tested.status.as_deref().unwrap_or("OK");
        let status = StepStatus::find(status).ok_or_else(|| TestFailure::UnknownStatus {
            id: id.to_owned(),
            status: status.to_owned(),
        })?;
        let json = tested.result.as_ref().map(step::to_json).transpose();
        let result = StepResult {
            status,
            reason: tested.reason.clone().unwrap_or_default(),
            result: json.map_err(TestFailure::Step)?,
            http: tested.http,
        };
        Ok((id.to_owned(), result))
    };
    test.steps.iter().map(result).collect()
}

/// Takes the steps of a run without any effect; returns those that are taken.
fn simulate(
    run: &Run,
    given: &BTreeMap<String, StepResult>,
    now: Moment,
) -> Result<Vec<Outline>, Error> {
    let mut results = StepResults::default();
    let mut taken = Vec::new();
    for (index, step) in run.steps.iter().enumerate() {
        let reached = match &run.later {
            Some(later) => later.reach(index, &results, index == 0, now.clock)?,
            None => Reached::AsPlanned,
        };
        let action = match &reached {
            Reached::AsPlanned => Some(&step.action),
            Reached::Filled(action) => Some(action),
            Reached::Skipped => None,
        };
        let action = action.filter(|action| !matches!(action, StepAction::Skipped(_)));
        taken.extend(action.map(Outline::from));
        let result = match (action, step.id.as_deref().and_then(|id| given.get(id))) {
            (None, _) => StepResult::skipped(),
            (Some(_), Some(result)) => result.clone(),
            (Some(StepAction::Webhook(_)), None) => StepResult {
                http: Some(200),
                ..StepResult::new(Status::Ok, "")
            },
            (Some(_), None) => StepResult::new(Status::Ok, ""),
        };
        let goes_on = result.status.is_success() || step.continues;
        if let Some(id) = &step.id {
            results.insert(id, result);
        }
        if !goes_on {
            break;
        }
    }
    Ok(taken)
}

struct Steps<'a>(&'a [Outline]);

impl fmt::Display for Steps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing");
        }
        for (index, step) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", then " };
            write!(f, "{separator}{step}")?;
        }
        Ok(())
    }
}
