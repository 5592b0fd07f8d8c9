//! What a run has done so far, which its trace shows while it runs and afterwards.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use handset_net::excerpt::excerpt;
use parking_lot::Mutex;

use super::causes::Causes;
use super::step::{Outline, StepResult, StepStatus};

/// The record of a run, shared by the run and its trace. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunRecord(Arc<Mutex<Contents>>);

#[derive(Debug, Default)]
struct Contents {
    steps: Vec<StepRecord>,
    state: RunState,
}

/// A step that is over.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StepRecord {
    /// The status.
    pub(crate) status: StepStatus,
    /// The cause, without secrets.
    pub(crate) reason: String,
    /// The status code of an HTTP server that answered.
    pub(crate) http: Option<u16>,
    /// How long it took.
    pub(crate) took: Duration,
    /// What it did, if that was not known when the rule fired.
    pub(crate) outline: Option<Outline>,
}

/// A step that could not be filled in when it was reached.
#[derive(Clone, Debug)]
pub(crate) struct StepFailure {
    /// Name of the rule.
    pub(crate) rule: Arc<str>,
    /// Name of the event that it fired on.
    pub(crate) event: Arc<str>,
    /// The rules that led to that event.
    pub(crate) causes: Causes,
    /// The number of the step and the cause.
    pub(crate) reason: String,
}

/// Where a run is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum RunState {
    /// It has not ended. A run that is queued has not begun either.
    #[default]
    Pending,
    /// It was cancelled before its end.
    Cancelled(Cancellation),
    /// A step failed; those after it were not taken.
    Failed,
    /// All steps are over.
    Finished,
}

/// Why a run was cancelled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cancellation {
    /// The rule fired again, and its mode is `restart`.
    Restarted,
    /// A reload removed the rule.
    RuleGone,
    /// handsetd stops.
    Stopping,
}

impl RunRecord {
    /// Adds a step that is over.
    pub(crate) fn add(&self, result: &StepResult, took: Duration, outline: Option<Outline>) {
        let step = StepRecord {
            status: result.status,
            reason: excerpt(&result.reason, MAX_REASON).into_owned(),
            http: result.http,
            took,
            outline,
        };
        self.0.lock().steps.push(step);
    }

    /// Records the end of the run, unless it has ended.
    pub(crate) fn end(&self, state: RunState) {
        let contents = &mut *self.0.lock();
        if contents.state == RunState::Pending {
            contents.state = state;
        }
    }

    /// Returns the steps that are over, in order.
    pub(crate) fn steps(&self) -> Vec<StepRecord> {
        self.0.lock().steps.clone()
    }

    /// Returns where the run is.
    pub(crate) fn state(&self) -> RunState {
        self.0.lock().state
    }
}

impl RunState {
    /// Returns its name in JSON and on the page.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Cancelled(_) => "cancelled",
            Self::Failed => "failed",
            Self::Finished => "finished",
        }
    }
}

impl fmt::Display for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Restarted => "the rule fired again",
            Self::RuleGone => "the rule is gone after a reload",
            Self::Stopping => "handsetd stops",
        })
    }
}

/// How much of a reason is kept, in bytes.
const MAX_REASON: usize = 1024;
