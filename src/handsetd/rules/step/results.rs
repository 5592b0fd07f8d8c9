//! What the steps of a run have come to, for the steps after them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use minijinja::Value;
use minijinja::value::Serde;
use serde_json::Value as Json;

use crate::outcome::Status;

/// What a step has come to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StepResult {
    /// The status.
    pub(crate) status: StepStatus,
    /// The cause, human-readable; may be empty on success.
    pub(crate) reason: String,
    /// The value read.
    pub(crate) result: Option<Json>,
    /// The status code of an HTTP server that answered.
    pub(crate) http: Option<u16>,
}

/// The status of a step that is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum StepStatus {
    /// Its condition was false.
    Skipped,
    /// It was taken.
    Taken(Status),
}

impl StepStatus {
    /// Returns whether the run continues even without `on_error`.
    pub(crate) fn is_success(self) -> bool {
        match self {
            Self::Skipped => true,
            Self::Taken(status) => matches!(status, Status::Ok | Status::Queued),
        }
    }

    /// Returns the status with this name, in upper case.
    pub(crate) fn find(word: &str) -> Option<Self> {
        if word == SKIPPED {
            return Some(Self::Skipped);
        }
        let mut all = Status::ALL.into_iter();
        all.find(|status| status.word() == word).map(Self::Taken)
    }

    /// Returns the name.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Skipped => SKIPPED,
            Self::Taken(status) => status.word(),
        }
    }
}

impl fmt::Display for StepStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl StepResult {
    /// Creates the result of a step that was taken.
    pub(crate) fn new(status: Status, reason: impl Into<String>) -> Self {
        Self {
            status: StepStatus::Taken(status),
            reason: reason.into(),
            result: None,
            http: None,
        }
    }

    /// Creates the result of a step whose condition was false.
    pub(crate) fn skipped() -> Self {
        Self {
            status: StepStatus::Skipped,
            reason: "its condition is false".to_owned(),
            result: None,
            http: None,
        }
    }

    fn to_value(&self) -> Value {
        let fields = [
            (STATUS, Value::from(self.status.word())),
            (REASON, Value::from(self.reason.as_str())),
            (RESULT, Value::from(Serde(&self.result))),
            (HTTP, Value::from(Serde(self.http))),
        ];
        Value::from_pairs(fields)
    }
}

/// The results of the steps of a run that have an `id`: `steps` in expressions.
#[derive(Debug, Default)]
pub(crate) struct StepResults {
    values: BTreeMap<Arc<str>, Value>,
    /// How much memory they take, roughly, in bytes.
    memory: usize,
}

impl StepResults {
    /// Adds the result of the step `id`. A result that would exceed [`MAX_RESULTS`] is left out, and the
    /// reason says so.
    pub(crate) fn insert(&mut self, id: &Arc<str>, mut result: StepResult) {
        let size = result
            .result
            .as_ref()
            .map_or(0, |json| json.to_string().len());
        let is_small = self.memory.saturating_add(size) <= MAX_RESULTS;
        if !is_small || !reserve(size) {
            result.result = None;
            let separator = if result.reason.is_empty() { "" } else { "; " };
            let note = format!("{separator}its result of {size} bytes is not kept");
            result.reason.push_str(&note);
        } else {
            self.memory = self.memory.saturating_add(size);
        }
        self.values.insert(Arc::clone(id), result.to_value());
    }

    /// Returns the value of the name `steps`.
    pub(in crate::rules) fn to_value(&self) -> Value {
        let values = self.values.iter();
        Value::from_pairs(values.map(|(id, value)| (id.as_ref(), value.clone())))
    }
}

impl Drop for StepResults {
    fn drop(&mut self) {
        ALL_RESULTS.fetch_sub(self.memory, Ordering::Relaxed);
    }
}

/// Counts `size` bytes, unless the results of all runs would take too much.
fn reserve(size: usize) -> bool {
    let add = |all: usize| all.checked_add(size).filter(|all| *all <= MAX_ALL_RESULTS);
    ALL_RESULTS
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add)
        .is_ok()
}

/// How much the results of all runs take, in bytes of JSON.
static ALL_RESULTS: AtomicUsize = AtomicUsize::new(0);

const HTTP: &str = "http";
const REASON: &str = "reason";
const RESULT: &str = "result";
const STATUS: &str = "status";

const SKIPPED: &str = "SKIPPED";

/// How much of the results of a run is kept for its later steps, in bytes of JSON: many answers of web
/// hooks.
const MAX_RESULTS: usize = 256 * 1024;

/// How much of the results of all runs is kept, in bytes of JSON; as values they take several times that.
const MAX_ALL_RESULTS: usize = 16 << 20;
