//! Why a rule cannot be, or cannot act on an event.

use std::fmt;

use super::{scope, template};
use handset_phones::verb;

/// What is wrong with a rule, at load or when an event comes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A condition or a template that does not compile, or fails.
    #[error(transparent)]
    Expression(#[from] minijinja::Error),
    /// A name of an event that no event has.
    #[error(
        "{name:?} is no name of an event; write one such as QueueMemberPause, phone.EVENT or UserEvent.NAME"
    )]
    NoEvent {
        /// What was written.
        name: String,
    },
    /// A request without a phone, for an event that is about none.
    #[error("phone is missing; {verb} needs it, and this event is about no call")]
    NoPhone {
        /// The verb.
        verb: verb::Verb,
    },
    /// A request that is wrong.
    #[error(transparent)]
    PlanError(#[from] verb::Refusal),
    /// A slice with a step.
    #[error("a slice with a step, as in [::-1], is not taken; write [from:to]")]
    Step,
    /// A template that makes too long a text.
    #[error(
        "a text of {length} bytes is too long; {} are the limit",
        template::MAX_TEXT
    )]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// An expression that is too long to be compiled.
    #[error(
        "an expression of {length} bytes is too long; {} are the limit",
        scope::MAX_EXPRESSION
    )]
    TooLongExpression {
        /// Its length in bytes.
        length: usize,
    },
    /// Something that the event does not have.
    #[error("{}", Lacking(names))]
    Undefined {
        /// What it lacks; empty if that is not known.
        names: Vec<String>,
    },
    /// A value that is not what its key wants.
    #[error("{why}")]
    Unfit {
        /// What is wrong with it.
        why: String,
    },
    /// A name that stands for nothing.
    #[error(
        "{name:?} stands for nothing here; write event.{name} for what the event says, or put a text in quotes"
    )]
    UnknownName {
        /// The name.
        name: String,
    },
}

/// A fault of a rule that is found at load.
#[derive(Debug, thiserror::Error)]
#[error("rule {rule:?}: {place}: {error}")]
pub struct Fault {
    /// Which rule of those that were given, counted from 0.
    pub index: usize,
    /// What it is called.
    pub rule: String,
    /// Where in the rule.
    pub place: Place,
    /// What is wrong.
    pub error: Error,
}

/// A place in a rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
    /// An element of `do`, counted from 0, or a key of it.
    Do(usize, Option<String>),
    /// The event.
    On,
    /// What is counted apart.
    Per,
    /// The condition.
    When,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Do(_, None) => f.write_str("do"),
            Self::Do(_, Some(key)) => write!(f, "do.{key}"),
            Self::On => f.write_str("on"),
            Self::Per => f.write_str("limit.per"),
            Self::When => f.write_str("when"),
        }
    }
}

/// Says what an event lacks.
struct Lacking<'a>(&'a [String]);

impl fmt::Display for Lacking<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("a value is not there"),
            names => write!(f, "the event has no {}", names.join(", ")),
        }
    }
}
