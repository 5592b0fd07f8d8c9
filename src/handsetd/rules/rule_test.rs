//! The tests that publisher beside a rule: an event, and what must be done then.

use std::fmt;

use tokio::time::Instant;

use super::config::{Rule, Trial, Value};
use super::engine::Engine;
use super::fact::Fact;
use super::plan::texts;
use super::trace::Verdict;
use handset_phones::verb::Verb;

/// What a test found instead of what it expects.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TestFailure {
    /// The rule does something else, or nothing.
    #[error("expected {expected}; got {got}")]
    Differs {
        /// What it must do.
        expected: String,
        /// What it does, or why it does nothing.
        got: String,
    },
    /// The event has no name.
    #[error("the event has no name; add Event = {on:?}")]
    Nameless {
        /// The event that the rule waits for.
        on: String,
    },
    /// The rule itself is wrong.
    #[error("the rule does not compile")]
    Uncompiled,
}

/// Tries a rule with one of its tests. The rule stands alone and remembers nothing.
pub fn attempt(rule: &Rule, trial: &Trial, now: Instant) -> Result<(), TestFailure> {
    let mut engine =
        Engine::new(std::slice::from_ref(rule)).map_err(|_| TestFailure::Uncompiled)?;
    let headers = trial.event.clone();
    let fact = Fact::of_headers(headers).ok_or_else(|| TestFailure::Nameless {
        on: rule.on.clone(),
    })?;
    let expected: Vec<Call> = trial.expect.iter().map(Call::wanted).collect();
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
        [] => format!("nothing, as it {trace}"),
        calls => Calls(calls).to_string(),
    };
    Err(TestFailure::Differs {
        expected: Calls(&expected).to_string(),
        got: reason(&got),
    })
}

/// A verb with its keys and values, in the order of their names.
#[derive(Debug, Eq, PartialEq)]
struct Call {
    verb: String,
    pairs: Vec<(String, String)>,
}

impl Call {
    fn wanted(values: &super::config::Values) -> Self {
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
