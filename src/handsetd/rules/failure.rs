//! The event `handsetd.rule_failed`: a rule failed while it was evaluated or run.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::error::Error;
use super::fact::Fact;
use super::rule::Memory;

/// Events of failures that are not raised yet.
#[derive(Debug, Default)]
pub(super) struct Failures(VecDeque<Fact>);

impl Failures {
    /// Adds the event of a failure of `rule` on `fact`, once a minute for each rule. It is caused by that
    /// rule and by what led to `fact`. None is raised if these include the rule already: a rule that handles
    /// failures and fails itself would never end.
    pub(super) fn add(
        &mut self,
        rule: &Arc<str>,
        memory: &mut Memory,
        fact: &Fact,
        error: &Error,
        now: Instant,
    ) {
        let raised = memory.failure_raised;
        let is_early = raised.is_some_and(|raised| now.duration_since(raised) < INTERVAL);
        if is_early || fact.causes().forbid(rule) || self.0.len() >= MAX_FAILURES {
            return;
        }
        memory.failure_raised = Some(now);
        let values = [
            ("Rule", rule.to_string()),
            // `Event` is the name of this event itself.
            ("On", fact.name().to_owned()),
            ("Reason", error.to_string()),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value));
        let failed = Fact::new(FAILED, values).caused_by(fact.causes().with(rule));
        self.0.push_back(failed);
    }

    /// Removes and returns the first one.
    pub(super) fn take(&mut self) -> Option<Fact> {
        self.0.pop_front()
    }
}

/// How often a rule raises the event, as it is also logged.
const INTERVAL: Duration = Duration::from_mins(1);

/// How many events of failures wait at once: an event may fail hundreds of rules, and each failure may fail
/// others.
const MAX_FAILURES: usize = 64;

const FAILED: &str = "handsetd.rule_failed";
