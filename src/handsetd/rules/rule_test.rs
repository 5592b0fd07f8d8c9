//! Tests of a rule: an event, and the requests that the rule must make for it.

use std::fmt;

use handset_phones::verb::Verb;

use super::config::{Rule, RuleTest, Value};
use super::context::Moment;
use super::engine::Engine;
use super::fact::Fact;
use super::plan::texts;
use super::schedule::SCHEDULE;
use super::trace::Verdict;

/// Why a test of a rule failed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TestFailure {
    /// The rule makes other requests, or none.
    #[error("expected {expected}; got {got}")]
    Differs {
        /// The expected requests.
        expected: String,
        /// The actual requests, or why there are none.
        got: String,
    },
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
    let headers = test.event.clone();
    let fact = Fact::of_headers(headers).ok_or_else(|| TestFailure::Nameless {
        on: rule.on.first().map_or(SCHEDULE, String::as_str).to_owned(),
    })?;
    let expected: Vec<Call> = test.expect.iter().map(Call::expected).collect();
    let (_, traces) = engine.explain(&fact, now);
    let trace = traces.first().ok_or(TestFailure::Uncompiled)?;
    let got: Vec<Call> = trace.run().map_or_else(Vec::new, |run| {
        run.steps
            .iter()
            .map(|step| Call {
                verb: step.request.verb.name().to_owned(),
                pairs: step.pairs.clone(),
            })
            .collect()
    });
    let is_failed = matches!(trace.verdict, Verdict::Failed(_));
    if expected == got && !is_failed {
        return Ok(());
    }
    let reason = |calls: &[Call]| match calls {
        [] => format!("nothing, because it {trace}"),
        calls => Calls(calls).to_string(),
    };
    Err(TestFailure::Differs {
        expected: Calls(&expected).to_string(),
        got: reason(&got),
    })
}

/// A verb with keys and values, ordered by key.
#[derive(Debug, Eq, PartialEq)]
struct Call {
    verb: String,
    pairs: Vec<(String, String)>,
}

impl Call {
    fn expected(values: &super::config::Values) -> Self {
        let verb = match values.get("verb") {
            Some(Value::Text(verb)) => verb.clone(),
            _ => String::new(),
        };
        let pairs = Verb::find(&verb).map_or_else(Vec::new, |verb| texts(verb, values));
        Self { verb, pairs }
    }
}

struct Calls<'a>(&'a [Call]);

impl fmt::Display for Calls<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing");
        }
        for (index, call) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", then " };
            write!(f, "{separator}{}", call.verb)?;
            for (key, value) in &call.pairs {
                write!(f, " {key}={value:?}")?;
            }
        }
        Ok(())
    }
}
