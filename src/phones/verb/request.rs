//! Parsing of requests.

use std::time::Duration;

use super::action::Action;
use super::id::Verb;
use super::refusal::Refusal;
use super::table::MAX_ELEMENTS;
use super::value::Values;
use super::via::Via;
use super::{csta, parse, read};
use crate::given::Given;
use crate::invalid_value::InvalidValue;
use crate::phone::PhoneNames;

/// A request: what to do on which phones, and how to deliver it.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The verb.
    pub verb: Verb,
    /// What the phone is to do.
    pub action: Action,
    /// The phones; `None` is the caller's own.
    pub phone: Option<PhoneNames>,
    /// Whether the requester waits for the outcome.
    pub wait: bool,
    /// How long to store the request while the phone is unreachable; never zero.
    pub keep: Option<Duration>,
    /// The transport to use; `None` leaves the choice to handsetd.
    pub via: Option<Via>,
    /// How long the phone may take; `None` is the default of the verb.
    pub deadline: Option<Duration>,
}

impl Request {
    /// Parses a verb with its keys and values, all of which their author wrote.
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
        let mut parser = Parser::new(verb);
        for (name, text) in pairs {
            parser.add(name.as_ref(), Given::written(text.as_ref()))?;
        }
        parser.finish()
    }

    /// Parses a verb with its keys and values, parts of which may be inserted.
    ///
    /// # Errors
    ///
    /// Returns the first fault; its message names the key.
    pub fn parse_given<'a>(
        verb: Verb,
        pairs: impl IntoIterator<Item = (&'a str, Given<'a>)>,
    ) -> Result<Self, Refusal> {
        let mut parser = Parser::new(verb);
        for (name, given) in pairs {
            parser.add(name, given)?;
        }
        parser.finish()
    }
}

/// Collects the keys of a request.
struct Parser {
    verb: Verb,
    values: Values,
    /// Length of all keys and values so far, in bytes.
    length: usize,
}

impl Parser {
    fn new(verb: Verb) -> Self {
        Self {
            verb,
            values: Values::new(verb),
            length: 0,
        }
    }

    fn add(&mut self, name: &str, given: Given<'_>) -> Result<(), Refusal> {
        let (verb, text) = (self.verb, given.as_str());
        self.length = self
            .length
            .saturating_add(name.len())
            .saturating_add(text.len());
        if self.length > MAX_LENGTH {
            return Err(Refusal::TooLong { max: MAX_LENGTH });
        }
        let values = &mut self.values;
        let key = match verb.row().key(name) {
            Some(key) => key,
            None if verb.row().takes_elements && csta::is_path(name) => {
                if values.element_count() >= MAX_ELEMENTS {
                    return Err(Refusal::too_many(name, "elements", MAX_ELEMENTS));
                }
                values.add_element(name, text);
                return Ok(());
            }
            None => {
                return Err(Refusal::UnknownKey {
                    verb,
                    key: name.to_owned(),
                });
            }
        };
        if !key.is_repeatable() && values.has(name) {
            return Err(Refusal::DuplicateKey {
                verb,
                key: name.to_owned(),
            });
        }
        if values.count(name) >= key.max_values {
            return Err(Refusal::too_many(name, "values", key.max_values));
        }
        let value = parse::value(key.kind, given);
        values.add(
            key.name,
            value.map_err(|error| Refusal::invalid(name, error))?,
        );
        Ok(())
    }

    fn finish(mut self) -> Result<Request, Refusal> {
        let (verb, values) = (self.verb, &mut self.values);
        let mut keys = verb.row().keys.iter();
        if let Some(key) = keys.find(|key| key.required && !values.has(key.name)) {
            return Err(values.missing(key.name));
        }
        let deadline = values.optional("deadline");
        if deadline.is_some_and(|deadline: Duration| deadline.is_zero()) {
            let error = InvalidValue::malformed("duration", "0", "no phone answers within it");
            return Err(Refusal::invalid("deadline", error));
        }
        Ok(Request {
            verb,
            action: read::action(verb, values)?,
            phone: values.optional("phone"),
            wait: values
                .word("wait", &[("yes", true), ("no", false)])
                .unwrap_or(true),
            keep: values
                .optional("keep")
                .filter(|keep: &Duration| !keep.is_zero()),
            via: values.word("via", &Via::ALL.map(|via| (via.name(), via))),
            deadline,
        })
    }
}

/// The longest request, in bytes of all keys and values: as long as the longest body of the API, and
/// room for sixteen of the longest values.
const MAX_LENGTH: usize = 1024 * 1024;

#[cfg(test)]
mod tests;
