//! Traces: why a rule fired or did not fire.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use handset_phones::phone::ServerName;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::causes::Causes;
use super::concurrency::{Rejection, Run, RunId};
use super::error::Error;
use super::event_value::EventValue;

/// The evaluation of one rule for one event.
#[derive(Debug)]
pub struct Trace {
    /// Name of the rule.
    pub rule: Arc<str>,
    /// Name of the event.
    pub event: String,
    /// The Asterisk server of the event, if known.
    pub server: Option<ServerName>,
    /// When the event arrived.
    pub at: Instant,
    /// The values that the condition mentions.
    pub seen: Vec<EventValue>,
    /// The result.
    pub verdict: Verdict,
}

/// The result of evaluating a rule.
#[derive(Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// The mode of the rule rejects another run.
    Rejected {
        /// Value of `limit.per`.
        key: Option<String>,
        /// Why it was rejected.
        reason: Rejection,
    },
    /// The event was caused by a recent action of the rule itself.
    OwnAction {
        /// Verb of the action.
        verb: &'static str,
        /// Phone of the action.
        phone: String,
        /// How long such events will still be ignored.
        remaining: Duration,
    },
    /// The event was caused by an earlier run of the rule, directly or through other rules.
    OwnRun {
        /// The rules that led to the event.
        causes: Causes,
    },
    /// The evaluation failed.
    Failed(Error),
    /// The rule fires.
    Fired {
        /// The run that starts.
        run: Run,
        /// The runs that are cancelled for it.
        cancelled: Vec<RunId>,
    },
    /// The limit of the rule has not elapsed.
    Limited {
        /// Value of `limit.per`.
        key: Option<String>,
        /// How long it will still apply.
        remaining: Duration,
    },
    /// The rule is fired by something else.
    OtherEvent {
        /// What fires it: names of events, a schedule.
        handled: String,
    },
    /// The rule fires, and the run is queued.
    Queued {
        /// The queued run.
        run: Run,
        /// Its position in the queue, counted from 1.
        position: usize,
    },
    /// The condition is false.
    Unmet {
        /// Source text of the condition.
        condition: String,
    },
}

impl Trace {
    /// Returns the run, if the rule fires now or later.
    pub fn run(&self) -> Option<&Run> {
        match &self.verdict {
            Verdict::Fired { run, .. } | Verdict::Queued { run, .. } => Some(run),
            _ => None,
        }
    }
}

impl Verdict {
    /// Returns whether the rule handles other events only.
    pub fn is_other_event(&self) -> bool {
        matches!(self, Self::OtherEvent { .. })
    }

    /// Returns its name in JSON and on the page.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rejected { .. } => "busy",
            Self::OwnAction { .. } | Self::OwnRun { .. } => "echo",
            Self::Failed(_) => "failed",
            Self::Fired { .. } => "fired",
            Self::Limited { .. } => "limited",
            Self::OtherEvent { .. } => "other-event",
            Self::Queued { .. } => "queued",
            Self::Unmet { .. } => "unmet",
        }
    }
}

/// Explains the verdict. Values of events are not escaped and may contain control characters.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Verdict::Rejected { key, reason } => {
                write!(f, "does not fire{}: {reason}", Key(key))?;
            }
            Verdict::OwnAction {
                verb,
                phone,
                remaining,
            } => write!(
                f,
                "does not fire: the event is the result of its own {verb} on {phone} (ignored for another {})",
                Remaining(*remaining)
            )?,
            Verdict::OwnRun { causes } => write!(
                f,
                "does not fire: runs of these rules led to the event: {causes}"
            )?,
            Verdict::Failed(error) => write!(f, "does not fire: {error}")?,
            Verdict::Fired { run, cancelled } => {
                write!(f, "fires{}", Key(&run.key))?;
                if !cancelled.is_empty() {
                    write!(f, " and cancels the previous run")?;
                }
            }
            Verdict::Limited { key, remaining } => {
                write!(
                    f,
                    "does not fire{}: limited for another {}",
                    Key(key),
                    Remaining(*remaining)
                )?;
            }
            Verdict::OtherEvent { handled } => {
                write!(f, "does not fire: it waits for {handled}")?;
            }
            Verdict::Queued { run, position } => {
                write!(
                    f,
                    "fires{} later: queued at position {position}",
                    Key(&run.key)
                )?;
            }
            Verdict::Unmet { condition } => write!(f, "does not fire: {condition} is false")?,
        }
        for (index, seen) in self.seen.iter().enumerate() {
            write!(f, "{} {seen}", if index == 0 { ";" } else { "," })?;
        }
        Ok(())
    }
}

/// Counters of the events that a rule handled, each of which counts once, and of its runs.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Counters {
    /// Caused by the rule itself.
    pub echoed: u64,
    /// Failed: a missing value or an invalid request.
    pub failed: u64,
    /// Fired, immediately or queued.
    pub fired: u64,
    /// Suppressed by the limit.
    pub limited: u64,
    /// Runs that were cancelled before their end because the rule fired again.
    pub runs_cancelled: u64,
    /// Runs that ended early because a step failed.
    pub runs_failed: u64,
    /// Rejected by the mode.
    pub skipped: u64,
    /// The condition was false.
    pub unmet: u64,
}

impl Counters {
    /// Adds the counters of the same rule at another daemon.
    pub(crate) fn add(&mut self, other: Self) {
        for (own, other) in [
            (&mut self.echoed, other.echoed),
            (&mut self.failed, other.failed),
            (&mut self.fired, other.fired),
            (&mut self.limited, other.limited),
            (&mut self.runs_cancelled, other.runs_cancelled),
            (&mut self.runs_failed, other.runs_failed),
            (&mut self.skipped, other.skipped),
            (&mut self.unmet, other.unmet),
        ] {
            *own = own.saturating_add(other);
        }
    }

    /// Returns how often an evaluation or a run failed.
    pub(crate) fn failures(&self) -> u64 {
        self.failed.saturating_add(self.runs_failed)
    }

    pub(super) fn count(&mut self, verdict: &Verdict) {
        let counter = match verdict {
            Verdict::Rejected { .. } => &mut self.skipped,
            Verdict::OwnAction { .. } | Verdict::OwnRun { .. } => &mut self.echoed,
            Verdict::Failed(_) => &mut self.failed,
            Verdict::Fired { .. } | Verdict::Queued { .. } => &mut self.fired,
            Verdict::Limited { .. } => &mut self.limited,
            Verdict::OtherEvent { .. } => return,
            Verdict::Unmet { .. } => &mut self.unmet,
        };
        *counter = counter.saturating_add(1);
    }
}

struct Key<'a>(&'a Option<String>);

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(key) => write!(f, " for {key:?}"),
            None => Ok(()),
        }
    }
}

/// A duration, displayed in whole milliseconds.
struct Remaining(Duration);

impl fmt::Display for Remaining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = Duration::from_nanos(u64::from(self.0.subsec_nanos() % 1_000_000));
        let rounded = self.0.saturating_sub(part);
        humantime::format_duration(rounded.max(Duration::from_millis(1))).fmt(f)
    }
}
