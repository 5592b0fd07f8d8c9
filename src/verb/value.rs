//! The values that keys carry, once they are read.

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;

use super::action::Tone;
use crate::screen::{Entry, Input, Item, Number, Source};

/// One value, read as its key's kind says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Duration(Duration),
    Entry(Entry),
    Image(Source),
    Input(Input),
    Item(Item),
    Number(Number),
    Text(String),
    Tone(Tone),
    Url(Url),
    Whole(u32),
    Word(&'static str),
}

/// The values of a request by key.
#[derive(Debug, Default)]
pub(super) struct Values(BTreeMap<String, Vec<Value>>);

impl Values {
    pub(super) fn add(&mut self, key: &str, value: Value) {
        self.0.entry(key.to_owned()).or_default().push(value);
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Takes the value of a key that is given once.
    pub(super) fn take<T: Wanted>(&mut self, key: &str) -> Option<T> {
        self.take_all(key).pop()
    }

    /// Takes all values of a key, in order.
    ///
    /// A key has one kind, so asking for another one finds nothing; the tests of the table would
    /// show it.
    pub(super) fn take_all<T: Wanted>(&mut self, key: &str) -> Vec<T> {
        self.0
            .remove(key)
            .unwrap_or_default()
            .into_iter()
            .filter_map(T::from_value)
            .collect()
    }
}

/// What a value can be taken as.
pub(super) trait Wanted: Sized {
    fn from_value(value: Value) -> Option<Self>;
}

macro_rules! wanted {
    ($($kind:ident($wanted:ty)),+ $(,)?) => {$(
        impl Wanted for $wanted {
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::$kind(value) => Some(value),
                    _ => None,
                }
            }
        }
    )+};
}

wanted!(
    Duration(Duration),
    Entry(Entry),
    Image(Source),
    Input(Input),
    Item(Item),
    Number(Number),
    Text(String),
    Tone(Tone),
    Url(Url),
    Whole(u32),
    Word(&'static str),
);
