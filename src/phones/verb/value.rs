//! The values that keys carry, once they are read.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use url::Url;

use super::action::Tone;
use super::call::{CallId, Digits};
use super::key::KeyPress;
use super::led::LedName;
use super::mobility::{DeviceName, UserId};
use super::setting::{Setting, SettingName};
use super::vendor_uri::VendorUri;
use crate::screen::{Entry, Input, Item, Number, Source};

/// The values of a request by key.
#[derive(Debug, Default)]
pub(super) struct Values {
    keys: BTreeMap<String, Vec<Value>>,
    /// The elements of an open verb, in the order given, which matters to them.
    elements: Vec<(String, String)>,
}

impl Values {
    pub(super) fn add(&mut self, key: &str, value: Value) {
        self.keys.entry(key.to_owned()).or_default().push(value);
    }

    pub(super) fn add_element(&mut self, path: &str, text: &str) {
        self.elements.push((path.to_owned(), text.to_owned()));
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// Takes paths and texts of the elements.
    pub(super) fn take_elements(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.elements)
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
        self.keys
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

/// Makes the values, and lets each be taken as what it is.
macro_rules! values {
    ($($kind:ident($wanted:ty)),+ $(,)?) => {
        /// One value, read as its key's kind says.
        #[derive(Clone, Debug, PartialEq)]
        pub(super) enum Value {
            $($kind($wanted),)+
        }

        $(impl Wanted for $wanted {
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
