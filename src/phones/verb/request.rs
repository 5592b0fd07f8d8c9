//! Parsing of requests.

use std::time::Duration;

use super::action::Action;
use super::id::Verb;
use super::refusal::Refusal;
use super::table::{MAX_ELEMENTS, MAX_VALUES};
use super::value::Values;
use super::via::Via;
use super::{csta, parse, read};
use crate::invalid_value::InvalidValue;

/// A request: what to do on which phones, and how to deliver it.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The verb.
    pub verb: Verb,
    /// What the phone is to do.
    pub action: Action,
    /// The phones, as written; `None` is the caller's own.
    pub phone: Option<String>,
    /// Whether the requester waits for the outcome.
    pub wait: bool,
    /// How long to store the request while the phone is unreachable.
    pub keep: Option<Duration>,
    /// The transport to use; `None` leaves the choice to handsetd.
    pub via: Option<Via>,
    /// How long the phone may take; `None` is the default of the verb.
    pub deadline: Option<Duration>,
}

impl Request {
    /// Parses a verb with its keys and values.
    ///
    /// # Errors
    ///
    /// Returns the first fault; its message names the key.
    pub fn parse<K, V>(verb: &str, pairs: impl IntoIterator<Item = (K, V)>) -> Result<Self, Refusal>
    where
        K: AsRef<str>,
        V: AsRef<str>,
    {
        let verb: Verb = verb.parse()?;
        let mut values = Values::new(verb);
        let mut length = 0_usize;
        for (name, text) in pairs {
            let (name, text) = (name.as_ref(), text.as_ref());
            length = length.saturating_add(name.len()).saturating_add(text.len());
            if length > MAX_LENGTH {
                return Err(Refusal::TooLong { max: MAX_LENGTH });
            }
            let key = match verb.row().key(name) {
                Some(key) => key,
                None if verb.row().takes_elements && csta::is_path(name) => {
                    if values.element_count() >= MAX_ELEMENTS {
                        return Err(Refusal::too_many(name, "elements", MAX_ELEMENTS));
                    }
                    values.add_element(name, text);
                    continue;
                }
                None => {
                    return Err(Refusal::UnknownKey {
                        verb,
                        key: name.to_owned(),
                    });
                }
            };
            if !key.repeatable && values.has(name) {
                return Err(Refusal::DuplicateKey {
                    verb,
                    key: name.to_owned(),
                });
            }
            if values.count(name) >= MAX_VALUES {
                return Err(Refusal::too_many(name, "values", MAX_VALUES));
            }
            let value = parse::value(key.kind, text);
            values.add(
                key.name,
                value.map_err(|error| Refusal::invalid(name, error))?,
            );
        }
        let mut keys = verb.row().keys.iter();
        if let Some(key) = keys.find(|key| key.required && !values.has(key.name)) {
            return Err(values.missing(key.name));
        }
        Ok(Self {
            verb,
            action: read::action(verb, &mut values)?,
            phone: values.optional("phone").map(names).transpose()?,
            wait: values
                .word("wait", &[("yes", true), ("no", false)])
                .unwrap_or(true),
            keep: values.optional("keep"),
            via: values.word("via", &Via::ALL.map(|via| (via.name(), via))),
            deadline: values.optional("deadline"),
        })
    }
}

/// Checks how many phones a request names.
fn names(phone: String) -> Result<String, Refusal> {
    let count = phone.split('&').count();
    if count > MAX_NAMES {
        let error = InvalidValue::TooMany {
            unit: "names",
            count,
            max: MAX_NAMES,
        };
        return Err(Refusal::invalid("phone", error));
    }
    Ok(phone)
}

/// How many phones a request may name. Each costs a search, a delivery and a line in the log; a site
/// that has more puts them into a group.
const MAX_NAMES: usize = 2000;

/// The longest request, in bytes of all keys and values: as long as the longest body of the API, and
/// room for sixteen of the longest values.
const MAX_LENGTH: usize = 1024 * 1024;

#[cfg(test)]
mod tests;
