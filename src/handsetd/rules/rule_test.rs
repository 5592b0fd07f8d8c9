//! Tests of a rule: an event, and the steps that the rule must take for it.

use std::fmt;

use super::config::{Rule, RuleTest};
use super::context::Moment;
use super::engine::Engine;
use super::error::Error;
use super::fact::{Fact, SCHEDULE};
use super::step::Outline;
use super::trace::Verdict;

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
    /// The rule does not compile.
    #[error("the rule does not compile")]
    Uncompiled,
}

/// Runs one test of a rule, without other rules and with empty memory.
pub(crate) fn run(rule: &Rule, test: &RuleTest, now: Moment) -> Result<(), TestFailure> {
    let mut engine =
        Engine::new(std::slice::from_ref(rule)).map_err(|_| TestFailure::Uncompiled)?;
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
    let expected = test.expect.iter().map(Outline::expected);
    let expected: Vec<Outline> = expected
        .collect::<Result<_, _>>()
        .map_err(TestFailure::Expect)?;
    let (_, traces) = engine.explain(&fact, now);
    let trace = traces.first().ok_or(TestFailure::Uncompiled)?;
    let got: Vec<Outline> = trace.run().map_or_else(Vec::new, |run| {
        run.steps.iter().map(Outline::from).collect()
    });
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
