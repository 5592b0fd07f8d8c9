//! A step for display: on the command line, the page, in JSON and in failed tests.

use std::fmt;

use serde_json::{Map, Value, json};

use super::keyed::PHONE;
use super::kind::Kind;

/// A step as it would be written in a rule, with values instead of templates.
///
/// Displayed as `push title="Queue" text="Paused"`; values of events are quoted, not escaped further.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    kind: Kind,
    /// The verb or the duration.
    main: String,
    /// The other keys and values, ordered by key; a key that repeats occurs repeatedly.
    keys: Vec<(String, Value)>,
    /// Whether the phone is that of the event, because the step names none.
    pub(super) is_phone_implied: bool,
}

impl Outline {
    pub(super) fn new(kind: Kind, main: String, keys: Vec<(String, Value)>) -> Self {
        Self {
            kind,
            main,
            keys,
            is_phone_implied: false,
        }
    }

    /// Returns whether the step is `expected`, which may leave out the phone of the event.
    pub(in crate::rules) fn fits(&self, expected: &Self) -> bool {
        let names_phone = expected.keys.iter().any(|(key, _)| key == PHONE);
        let leaves_out = |key: &str| self.is_phone_implied && !names_phone && key == PHONE;
        let own = self.keys.iter().filter(|(key, _)| !leaves_out(key));
        (self.kind, &self.main) == (expected.kind, &expected.main) && own.eq(&expected.keys)
    }

    /// Returns the key that says what the step does, and its value.
    pub(crate) fn main(&self) -> (&'static str, &str) {
        (self.kind.key(), &self.main)
    }

    /// Returns the other keys and their values as text.
    pub(crate) fn texts(&self) -> Vec<(String, String)> {
        let text = |(key, value): &(String, Value)| {
            let text = value.as_str().map(ToOwned::to_owned);
            (key.clone(), text.unwrap_or_else(|| value.to_string()))
        };
        self.keys.iter().map(text).collect()
    }

    /// Returns the step as a JSON object; the values of a key that repeats are a list.
    pub(crate) fn to_json(&self) -> Map<String, Value> {
        let mut object = Map::new();
        object.insert(self.kind.key().to_owned(), json!(self.main));
        for (key, value) in &self.keys {
            match object.get_mut(key) {
                Some(Value::Array(list)) => list.push(value.clone()),
                Some(first) => *first = json!([first.take(), value]),
                None => drop(object.insert(key.clone(), value.clone())),
            }
        }
        object
    }
}

impl fmt::Display for Outline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind != Kind::Verb {
            write!(f, "{} ", self.kind.key())?;
        }
        f.write_str(&self.main)?;
        for (key, value) in &self.keys {
            match value {
                Value::String(text) => write!(f, " {key}={text:?}")?,
                value => write!(f, " {key}={value}")?,
            }
        }
        Ok(())
    }
}
