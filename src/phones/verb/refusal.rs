//! Refused requests.

use super::id::{UnknownVerb, Verb, suggestion};
use super::table::COMMON;
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
    #[error("{} is given twice; quote values that contain a comma", quoted(key))]
    DuplicateKey {
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
    #[error("unknown key {:?} of {verb}; {}", quoted(key), suggestion(key, key_names(*verb)))]
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

fn key_names(verb: Verb) -> impl Iterator<Item = &'static str> {
    verb.row().keys.iter().chain(COMMON).map(|key| key.name)
}
