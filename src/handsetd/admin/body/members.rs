//! Reads the members of a JSON object one by one. Each is checked as it is read, so a body that is
//! refused costs no more than its beginning.

use std::collections::HashSet;
use std::fmt;

use handset_net::excerpt::excerpt;
use handset_phones::verb::{COMMON, Kind, MAX_ELEMENTS, MAX_VALUES, Verb};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// The keys and values of a request for a verb, or the first fault.
pub(super) fn parse(verb: Verb, json: &[u8]) -> Result<Vec<(String, String)>, String> {
    let mut members = Members {
        verb,
        pairs: Vec::new(),
        fault: None,
    };
    let mut json = serde_json::Deserializer::from_slice(json);
    let read = (&mut members)
        .deserialize(&mut json)
        .and_then(|()| json.end());
    match (members.fault, read) {
        (Some(fault), _) => Err(fault),
        (None, Ok(())) => Ok(members.pairs),
        (None, Err(error)) => Err(format!("the body must be a JSON object of keys: {error}")),
    }
}

/// What was read so far.
struct Members {
    verb: Verb,
    pairs: Vec<(String, String)>,
    /// Set where reading ends with an error that is not one of syntax.
    fault: Option<String>,
}

impl Members {
    /// Returns the largest number of different keys.
    fn max_keys(&self) -> usize {
        let row = self.verb.row();
        let elements = if row.takes_elements { MAX_ELEMENTS } else { 0 };
        row.keys.len() + COMMON.len() + elements
    }

    /// Ends reading because of `fault`.
    fn refuse<E: Error>(&mut self, fault: String) -> E {
        self.fault = Some(fault);
        E::custom("refused")
    }
}

impl<'de> DeserializeSeed<'de> for &mut Members {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Members {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut known = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if known.len() >= self.max_keys() {
                let (verb, max) = (self.verb, self.max_keys());
                return Err(self.refuse(format!("too many keys; {verb} has {max}")));
            }
            if !known.insert(name.clone()) {
                let name = excerpt(&name, MAX_QUOTED);
                let fault = format!("{name} is given twice; use a list if it may repeat");
                return Err(self.refuse(fault));
            }
            map.next_value_seed(MemberValue {
                members: self,
                name: &name,
                is_element: false,
            })?;
        }
        Ok(())
    }
}

/// The value of a member, or an element of its list.
struct MemberValue<'a> {
    members: &'a mut Members,
    name: &'a str,
    is_element: bool,
}

impl MemberValue<'_> {
    fn push(self, text: String) {
        self.members.pairs.push((self.name.to_owned(), text));
    }

    fn refuse<E: Error>(self, fault: impl fmt::Display) -> E {
        let fault = format!("{}: {fault}", excerpt(self.name, MAX_QUOTED));
        self.members.refuse(fault)
    }

    /// Returns the word that the key uses for true or false.
    fn word(&self, value: bool) -> Result<&'static str, String> {
        let [word_for_true, word_for_false] = match self.members.verb.row().key(self.name) {
            Some(key) => match key.kind {
                Kind::Word(words) if words.contains(&"on") => ["on", "off"],
                Kind::Word(words) if words.contains(&"yes") => ["yes", "no"],
                _ => return Err(format!("must be a string, not {value}")),
            },
            // An unknown key is reported when the verb is parsed.
            None => ["true", "false"],
        };
        Ok(if value { word_for_true } else { word_for_false })
    }
}

impl<'de> DeserializeSeed<'de> for MemberValue<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MemberValue<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.push(text.to_owned());
        Ok(())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<(), E> {
        self.push(text);
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        match self.word(value) {
            Ok(word) => {
                self.push(word.to_owned());
                Ok(())
            }
            Err(fault) => Err(self.refuse(fault)),
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.push(number.to_string());
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.push(number.to_string());
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        // JSON has no number that is not finite.
        let text = Number::from_f64(number).map(|number| number.to_string());
        self.push(text.unwrap_or_default());
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Err(self.refuse("null is not a value; omit the key instead"))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.refuse("must be a string, not an object"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if self.is_element {
            return Err(self.refuse("must not be a nested list"));
        }
        let row = self.members.verb.row();
        let key = row.key(self.name);
        let names_phones = key.is_some_and(|key| key.kind == Kind::Phones);
        if key.is_some_and(|key| !key.is_repeatable()) && !names_phones {
            return Err(self.refuse("must be a single value, not a list"));
        }
        let before = self.members.pairs.len();
        loop {
            if self.members.pairs.len().saturating_sub(before) >= MAX_VALUES {
                // One more is distinguished from the end, and not built.
                if list.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(());
                }
                let fault = format!("the list has more than {MAX_VALUES} values");
                return Err(self.refuse(fault));
            }
            let element = list.next_element_seed(MemberValue {
                members: &mut *self.members,
                name: self.name,
                is_element: true,
            })?;
            if element.is_none() {
                break;
            }
        }
        if self.members.pairs.len() == before {
            return Err(self.refuse("the list is empty; omit the key instead"));
        }
        if names_phones {
            let names = self.members.pairs.split_off(before);
            let names: Vec<_> = names.into_iter().map(|(_, name)| name).collect();
            if names.iter().any(|name| name.trim().is_empty()) {
                return Err(self.refuse("a name in the list is empty"));
            }
            self.push(names.join("&"));
        }
        Ok(())
    }
}

/// How much of a key a fault quotes, in bytes.
const MAX_QUOTED: usize = 100;
