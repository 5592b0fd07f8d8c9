//! Refused requests.

use super::id::{UnknownVerb, Verb, closest};
use crate::invalid_value::{InvalidValue, quoted};

/// Why a request is refused. Messages name the key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Two keys exclude each other.
    #[error("{one} and {other} cannot be combined")]
    Conflict {
        /// One key.
        one: &'static str,
        /// The other key.
        other: &'static str,
    },
    /// A key is given twice.
    #[error("{} is given twice; {verb} takes it once", quoted(key))]
    DuplicateKey {
        /// The verb.
        verb: Verb,
        /// The key.
        key: String,
    },
    /// The value of a key is invalid.
    #[error("{}: {error}", quoted(key))]
    InvalidValue {
        /// The key.
        key: String,
        /// What is wrong with the value.
        error: InvalidValue,
    },
    /// A line break in the URL or in an argument makes it uncertain what was meant.
    #[error("a line break in the URL or in an argument; send it as ?text=${{URIENCODE(…)}}")]
    LineBreak,
    /// A required key is missing.
    #[error("{key} is missing; {verb} requires it")]
    MissingKey {
        /// The verb.
        verb: Verb,
        /// The key.
        key: &'static str,
    },
    /// A value has no key, and the verb has no main key.
    #[error(
        "{verb} has no main key for the value {:?}; write KEY={}",
        quoted(value),
        quoted(value)
    )]
    NoMainKey {
        /// The verb.
        verb: Verb,
        /// The value.
        value: String,
    },
    /// An argument without a key claims the main key, which has a value already.
    #[error(
        "{argument} is no key of {verb}; write {main_key}= once, with quotes around a value that \
         contains a comma"
    )]
    NotAKey {
        /// The verb.
        verb: Verb,
        /// The argument: the word before its `=`, else all of it in quotes.
        argument: String,
        /// The key that has a value already.
        main_key: &'static str,
    },
    /// A key has an effect only together with another one.
    #[error("{key} requires {required}")]
    RequiresKey {
        /// The key.
        key: &'static str,
        /// The key that is missing, or the key and value.
        required: &'static str,
    },
    /// The request is too long.
    #[error("the request is too long; the limit is {max} bytes for all keys and values together")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// The verb does not have the key.
    #[error("{}", unknown_key(*verb, key))]
    UnknownKey {
        /// The verb.
        verb: Verb,
        /// The key.
        key: String,
    },
    /// The verb does not exist.
    #[error(transparent)]
    UnknownVerb(#[from] UnknownVerb),
}

impl Refusal {
    pub(super) fn invalid(key: &str, error: InvalidValue) -> Self {
        Self::InvalidValue {
            key: key.to_owned(),
            error,
        }
    }

    /// Refuses `key`, which is one more than the `max` units that are allowed.
    pub(super) fn too_many(key: &str, unit: &'static str, max: usize) -> Self {
        let count = max.saturating_add(1);
        Self::invalid(key, InvalidValue::TooMany { unit, count, max })
    }
}

fn unknown_key(verb: Verb, key: &str) -> String {
    let names = verb.row().key_names();
    if let Some(known) = closest(key, names.clone()) {
        format!("unknown key {}; did you mean {known}?", key.escape_debug())
    } else {
        let names = names.collect::<Vec<_>>().join(", ");
        format!(
            "unknown key {:?} of {verb} (see handsetd help {verb}); expected one of {names}",
            quoted(key)
        )
    }
}
