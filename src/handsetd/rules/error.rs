//! Errors of rules, when they are compiled and when they are evaluated.

use std::fmt;

use handset_phones::verb;

use super::language::Fault;
use super::limits::{MAX_EXPRESSION, MAX_TEXT};

/// An error in a rule, at load or while it is evaluated for an event.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A condition or template failed to compile or to evaluate.
    #[error(transparent)]
    Expression(#[from] minijinja::Error),
    /// `on` contains something that is not the name of an event.
    #[error(
        "invalid event name {name:?}; use one such as QueueMemberPause, Queue*, phone.EVENT or UserEvent.NAME"
    )]
    InvalidEventName {
        /// The element of `on`.
        name: String,
    },
    /// `schedule` is not a cron expression, or one that is never due.
    #[error(
        "invalid schedule {schedule:?}: {reason}; use minute (0-59), hour (0-23), day of month (1-31), month (1-12) and day of week (0-7, from Sunday), such as \"0 18 * * 1-5\""
    )]
    InvalidSchedule {
        /// The value of `schedule`.
        schedule: String,
        /// What is wrong.
        reason: String,
    },
    /// The request names no phone, and the event has no channel to take it from.
    #[error("phone is missing: {verb} requires it, and the event has no channel")]
    MissingPhone {
        /// Verb of the request.
        verb: verb::Verb,
    },
    /// The request is invalid.
    #[error(transparent)]
    InvalidRequest(#[from] verb::Refusal),
    /// Nothing fires the rule.
    #[error("nothing fires the rule; name an event, or write schedule = \"0 18 * * 1-5\"")]
    NoTrigger,
    /// The text of a condition or template is wrong.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The result of a template is too long.
    #[error("a text of more than {MAX_TEXT} bytes; no value may be longer")]
    TooLong,
    /// An expression is too long.
    #[error("an expression of {length} bytes exceeds the limit of {MAX_EXPRESSION}")]
    TooLongExpression {
        /// Length in bytes.
        length: usize,
    },
    /// The event lacks a value.
    #[error("{}", MissingValues(names))]
    Undefined {
        /// Names of the missing values; empty if unknown.
        names: Vec<String>,
    },
    /// There is no such time zone.
    #[error("{reason}")]
    UnknownTimezone {
        /// Explanation, with the value.
        reason: String,
    },
    /// A value does not fit its key.
    #[error("{reason}")]
    InvalidValue {
        /// Explanation, with the value.
        reason: String,
    },
    /// An expression mentions all steps.
    #[error("steps has no value of its own; write steps.ID, such as steps.a.status")]
    AllSteps,
    /// Two steps have the same name.
    #[error("{id:?} is already the name of step {number}; keep one")]
    DuplicateStep {
        /// The name.
        id: String,
        /// The number of the first step of that name, counted from 1.
        number: usize,
    },
    /// A later step is mentioned.
    #[error("the step {id:?} comes later; only steps before can be mentioned")]
    LaterStep {
        /// Its name.
        id: String,
    },
    /// An unknown step is mentioned.
    #[error("{}", UnknownStepId { id, known })]
    UnknownStepId {
        /// Its name.
        id: String,
        /// The names of the steps before.
        known: Vec<String>,
    },
    /// Steps are mentioned where there are none yet.
    #[error("steps are known in do only; none has been taken here")]
    NoSteps,
    /// A step does not say what it does.
    #[error(
        "a step requires one of verb, wait, webhook and ami, such as verb = \"push\" or wait = \"5s\""
    )]
    UnknownStep,
    /// A phone in `phones` is unknown.
    #[error("phones: no phone {name:?} is configured or registered")]
    UnknownPhone {
        /// Its name.
        name: String,
    },
}

impl Error {
    /// Returns what is wrong, each fault of a text for itself.
    pub(crate) fn each(&self) -> Vec<String> {
        match self {
            Self::Fault(fault) => fault.each(),
            error => vec![error.to_string()],
        }
    }
}

/// An error of a rule, found when it is compiled.
#[derive(Debug, thiserror::Error)]
#[error("rule {rule:?}: {part}: {error}")]
pub struct RuleError {
    /// Index of the rule, counted from 0.
    pub index: usize,
    /// Name of the rule.
    pub rule: String,
    /// Part of the rule that is wrong.
    pub part: RulePart,
    /// The error itself.
    pub error: Error,
}

/// A part of a rule, displayed as a key of its section.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RulePart {
    /// An element of `do`, counted from 0, and the key in it.
    Do(usize, Option<String>),
    /// `on`, the names of the events.
    On,
    /// `limit.per`.
    Per,
    /// `schedule`.
    Schedule,
    /// `timezone`, that of `schedule`.
    Timezone,
    /// `when`, the condition.
    When,
}

impl fmt::Display for RulePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Do(_, None) => f.write_str("do"),
            Self::Do(_, Some(key)) => write!(f, "do.{key}"),
            Self::On => f.write_str("on"),
            Self::Per => f.write_str("limit.per"),
            Self::Schedule => f.write_str("schedule"),
            Self::Timezone => f.write_str("timezone"),
            Self::When => f.write_str("when"),
        }
    }
}

/// Displays an unknown name of a step with those that are known.
struct UnknownStepId<'a> {
    id: &'a str,
    known: &'a [String],
}

impl fmt::Display for UnknownStepId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, known } = self;
        match known {
            [] => write!(f, "no step before has id = {id:?}"),
            known => write!(
                f,
                "no step before has id = {id:?}; there is {}",
                known.join(", ")
            ),
        }
    }
}

/// Displays the names of missing values.
struct MissingValues<'a>(&'a [String]);

impl fmt::Display for MissingValues<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("a value is missing"),
            names => write!(f, "the event has no {}", names.join(", ")),
        }
    }
}
