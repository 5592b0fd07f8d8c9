//! Parsed values by key, and typed access to them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use url::Url;

use super::call::{CallId, Digits};
use super::id::Verb;
use super::key::KeyPress;
use super::kind::Kind;
use super::led::LedName;
use super::mobility::{DeviceName, UserId};
use super::refusal::Refusal;
use super::setting::{Setting, SettingName};
use super::tone::Tone;
use super::vendor_uri::VendorUri;
use crate::phone::PhoneNames;
use crate::screen::{Entry, Input, Item, Number, Source};

/// The values of a request, by key.
///
/// Reading a key that the verb does not have, or as another type than its kind, is a bug in a reader
/// and panics in debug builds.
#[derive(Debug)]
pub(super) struct Values {
    verb: Verb,
    keys: BTreeMap<&'static str, Vec<Value>>,
    elements: Vec<(String, String)>,
}

impl Values {
    pub(super) fn new(verb: Verb) -> Self {
        Self {
            verb,
            keys: BTreeMap::new(),
            elements: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, key: &'static str, value: Value) {
        self.keys.entry(key).or_default().push(value);
    }

    pub(super) fn add_element(&mut self, path: &str, text: &str) {
        self.elements.push((path.to_owned(), text.to_owned()));
    }

    /// Returns how many values a key has.
    pub(super) fn count(&self, key: &str) -> usize {
        self.keys.get(key).map_or(0, Vec::len)
    }

    pub(super) fn element_count(&self) -> usize {
        self.elements.len()
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// Takes the elements of a request that accepts any, as paths and texts in order.
    pub(super) fn elements(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.elements)
    }

    /// Takes the value of a key that must be present.
    pub(super) fn required<T: FromValue>(&mut self, key: &'static str) -> Result<T, Refusal> {
        self.optional(key).ok_or_else(|| self.missing(key))
    }

    /// Takes the value of a key.
    pub(super) fn optional<T: FromValue>(&mut self, key: &'static str) -> Option<T> {
        self.all(key).pop()
    }

    /// Takes all values of a key, in order.
    pub(super) fn all<T: FromValue>(&mut self, key: &'static str) -> Vec<T> {
        self.kind(key);
        let values = self.keys.remove(key).unwrap_or_default();
        let typed = values.into_iter().filter_map(|value| {
            let typed = T::from_value(value);
            debug_assert!(typed.is_some(), "{key} of {} has another type", self.verb);
            typed
        });
        typed.collect()
    }

    /// Takes the value of a key that must be present and is one of a few words.
    pub(super) fn required_word<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Result<T, Refusal> {
        self.word(key, words).ok_or_else(|| self.missing(key))
    }

    /// Takes the value of a key that is one of a few words, the same as in the table.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        if let Some(Kind::Word(known)) = self.kind(key) {
            let is_read = |known: &&str| words.iter().any(|(word, _)| word == known);
            debug_assert!(
                known.iter().all(is_read),
                "{key} of {} has other words",
                self.verb
            );
        }
        let value: &'static str = self.optional(key)?;
        let (_, meaning) = words.iter().find(|(word, _)| *word == value)?;
        Some(*meaning)
    }

    pub(super) fn missing(&self, key: &'static str) -> Refusal {
        let verb = self.verb;
        Refusal::MissingKey { verb, key }
    }

    fn kind(&self, key: &str) -> Option<Kind> {
        let kind = self.verb.row().key(key).map(|key| key.kind);
        debug_assert!(kind.is_some(), "{} has no key {key}", self.verb);
        kind
    }
}

/// A type that the value of a key can have.
pub(super) trait FromValue: Sized {
    fn from_value(value: Value) -> Option<Self>;
}

/// Declares the variants of [`Value`], and how each is read.
macro_rules! values {
    ($($kind:ident($type:ty)),+ $(,)?) => {
        /// A value, parsed according to the kind of its key.
        #[derive(Clone, Debug, PartialEq)]
        pub(super) enum Value {
            $($kind($type),)+
        }

        $(impl FromValue for $type {
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::$kind(value) => Some(value),
                    _ => None,
                }
            }
        })+
    };
}

values!(
    Address(SocketAddr),
    Call(CallId),
    Device(DeviceName),
    Digits(Digits),
    Duration(Duration),
    Entry(Entry),
    Image(Source),
    Input(Input),
    Item(Item),
    Keys(Vec<KeyPress>),
    Led(LedName),
    Number(Number),
    Phones(PhoneNames),
    Setting(Setting),
    SettingName(SettingName),
    Text(String),
    Tone(Tone),
    Url(Url),
    User(UserId),
    VendorUri(VendorUri),
    Whole(u32),
    Word(&'static str),
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "dial has no key numbr")]
    fn unknown_key_panics() {
        let _: Option<Number> = Values::new(Verb::Dial).optional("numbr");
    }

    #[test]
    #[should_panic(expected = "number of dial has another type")]
    fn wrong_type_panics() {
        let mut values = Values::new(Verb::Dial);
        values.add("number", Value::Number("1".parse().unwrap()));
        let _: Option<Digits> = values.optional("number");
    }

    #[test]
    #[should_panic(expected = "state of dnd has other words")]
    fn missing_word_panics() {
        let _ = Values::new(Verb::Dnd).word("state", &[("on", true)]);
    }
}
