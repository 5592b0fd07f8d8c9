//! Failures of rules: what the log says of them, and the event `handsetd.rule_failed`. Of events that a rule
//! skips because it has too many runs, the log says so in the same way.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::causes::Causes;
use super::fact::Fact;

/// What is to be logged of a rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FailureKind {
    /// It could not be evaluated, or a step not be filled in.
    Failed,
    /// It has too many runs for another one.
    Overloaded,
}

/// A failure that is to be logged.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// Name of the rule.
    pub(crate) rule: Arc<str>,
    /// Name of the event on which it failed.
    pub(crate) on: String,
    /// The cause.
    pub(crate) reason: String,
    /// How many failures of the rule, of this kind, were not logged since the last one that was.
    pub(crate) unreported: u64,
    /// The event of it. An overload has none, nor has a failure if the rule led to the event on which it
    /// failed: a rule that handles failures and fails itself would never end.
    pub(crate) event: Option<Fact>,
}

/// Where a rule failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed<'a> {
    pub(super) kind: FailureKind,
    pub(super) rule: &'a Arc<str>,
    /// Name of the event.
    pub(super) on: &'a str,
    /// What led to the event.
    pub(super) causes: &'a Causes,
}

/// What a rule remembers of its failures of one kind.
#[derive(Debug, Default)]
pub(super) struct FailureMemory {
    /// When one was last logged.
    reported: Option<Instant>,
    /// How many were not logged since.
    unreported: u64,
}

/// Failures that are not logged yet.
#[derive(Debug, Default)]
pub(super) struct Failures(VecDeque<Failure>);

impl Failures {
    /// Adds a failure, once a minute for each rule; counts it otherwise.
    pub(super) fn add(
        &mut self,
        failed: Failed<'_>,
        memory: &mut FailureMemory,
        reason: String,
        now: Instant,
    ) {
        let is_early = |reported| now.duration_since(reported) < INTERVAL;
        if memory.reported.is_some_and(is_early) || self.0.len() >= MAX_FAILURES {
            memory.unreported = memory.unreported.saturating_add(1);
            return;
        }
        memory.reported = Some(now);
        let Failed {
            kind,
            rule,
            on,
            causes,
        } = failed;
        let values = [
            ("Rule", rule.to_string()),
            // `Event` is the name of this event itself.
            ("On", on.to_owned()),
            ("Reason", reason.clone()),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value));
        let event = || Fact::new(FAILED, values).caused_by(causes.with(rule));
        let has_event = kind == FailureKind::Failed && !causes.forbid(rule);
        self.0.push_back(Failure {
            kind,
            rule: Arc::clone(rule),
            on: on.to_owned(),
            reason,
            unreported: std::mem::take(&mut memory.unreported),
            event: has_event.then(event),
        });
    }

    /// Removes and returns the first one.
    pub(super) fn take(&mut self) -> Option<Failure> {
        self.0.pop_front()
    }
}

/// How often failures of a rule are logged: an event that comes a thousand times a second may fail each time.
const INTERVAL: Duration = Duration::from_mins(1);

/// How many failures wait at once: an event may fail hundreds of rules, and each failure may fail others.
const MAX_FAILURES: usize = 64;

const FAILED: &str = "handsetd.rule_failed";
