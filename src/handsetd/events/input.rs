//! What the task that owns the rules receives.

use std::sync::Arc;

use crate::rules::{Fact, RunId, StepFailure};

/// Input of the task.
#[derive(Debug)]
pub(super) enum Input {
    /// Events of a server that arrived together.
    Facts {
        facts: Arc<[Fact]>,
        /// Whether this daemon acts on them, and no other.
        acts: bool,
    },
    Finished(RunId),
    StepFailed(StepFailure),
}
