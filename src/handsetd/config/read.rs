//! Turns a tree into typed values, and says of each value that does not fit where it is.
//!
//! serde gives up at the first fault. [`read`] therefore notes the fault, takes the value as absent
//! and begins again, so that an administrator sees all of them at once. It also reads values of
//! environment variables, which are texts, as numbers, booleans and lists where those are wanted.

use std::collections::btree_map;
use std::fmt;
use std::iter::Enumerate;
use std::slice;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use super::fault::{Fault, Origin};
use super::hint;
use super::tree::{Content, Node, Step};

/// Reads `node` as a `T`; `None` if something that `T` needs is missing or wrong.
///
/// Every fault is added to `faults`. A value is returned, as far as it could be read, even then.
pub(super) fn read<T: DeserializeOwned>(node: &mut Node, faults: &mut Vec<Fault>) -> Option<T> {
    loop {
        let mismatch = match T::deserialize(Reader(node)) {
            Ok(value) => return Some(value),
            Err(mismatch) => mismatch,
        };
        let steps = mismatch.steps();
        let place = node.follow(&steps);
        match mismatch.what {
            What::NotFound(field) => {
                // What was refused has its own fault.
                if !place.mentions(field) {
                    let key = place.key_of(field);
                    let text = "is missing; add it";
                    faults.push(Fault::new(place.origin.clone(), key, text));
                }
            }
            What::Wrong(text) => faults.push(place.fault(text)),
        }
        // Beginning again is of use only if something is left to read, and less than before.
        if steps.is_empty() || !node.refuse(&steps) {
            return None;
        }
    }
}

/// Why a value does not fit, and the steps to it, the last one first.
#[derive(Debug)]
struct Mismatch {
    backwards: Vec<Step>,
    what: What,
}

#[derive(Debug)]
enum What {
    NotFound(&'static str),
    Wrong(String),
}

impl Mismatch {
    fn wrong(text: impl Into<String>) -> Self {
        Self {
            backwards: Vec::new(),
            what: What::Wrong(text.into()),
        }
    }

    fn below(mut self, step: Step) -> Self {
        self.backwards.push(step);
        self
    }

    fn steps(&self) -> Vec<Step> {
        self.backwards.iter().rev().cloned().collect()
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::NotFound(field) => write!(f, "{field} is missing"),
            What::Wrong(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Mismatch {}

impl serde::de::Error for Mismatch {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::wrong(message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        // The value itself may be secret.
        Self::wrong(format!("is not {expected}"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::wrong(format!(
            "{variant:?} is unknown; write {}",
            hint::choice(expected)
        ))
    }

    fn missing_field(field: &'static str) -> Self {
        Self {
            backwards: Vec::new(),
            what: What::NotFound(field),
        }
    }
}

/// Hands a node to serde.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a Node);

impl<'a> Reader<'a> {
    /// Returns the text of an environment variable, which stands for whatever is wanted.
    fn variable(self) -> Option<&'a str> {
        match (&self.0.origin, &self.0.content) {
            (Origin::Variable(_), Content::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn unfit(self, wanted: &str) -> Mismatch {
        let hint = match (&self.0.content, wanted) {
            // A variable has neither quotes nor brackets.
            _ if self.variable().is_some() => "",
            (Content::Float(_) | Content::Integer(_) | Content::Boolean(_), TEXT) => {
                "; put it in quotes"
            }
            (Content::Text(_), NUMBER | BOOLEAN) => "; take the quotes away",
            (Content::Text(_), LIST) => "; put it in brackets",
            _ => "",
        };
        Mismatch::wrong(format!(
            "must be {wanted}, not {}{hint}",
            self.0.content.kind()
        ))
    }

    fn number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let number = match &self.0.content {
            Content::Integer(number) => *number,
            _ => self
                .variable()
                .and_then(|text| text.trim().parse().ok())
                .ok_or_else(|| self.unfit(NUMBER))?,
        };
        visitor
            .visit_i64::<Mismatch>(number)
            .map_err(|_| Mismatch::wrong(format!("{number} is out of range")))
    }

    fn text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let Content::Text(text) = &self.0.content else {
            return Err(self.unfit(TEXT));
        };
        // A visitor that fails has read an address, a duration or the like, never a secret.
        visitor
            .visit_str::<Mismatch>(text)
            .map_err(|mismatch| match mismatch.what {
                What::Wrong(reason) => Mismatch::wrong(hint::explain(text, &reason)),
                What::NotFound(_) => mismatch,
            })
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match &self.0.content {
            Content::Boolean(value) => visitor.visit_bool(*value),
            Content::Float(value) => visitor.visit_f64(*value),
            Content::Integer(value) => visitor.visit_i64(*value),
            Content::List(_) => self.deserialize_seq(visitor),
            Content::PlanError => visitor.visit_unit(),
            Content::Table(_) => self.deserialize_map(visitor),
            Content::Text(text) => visitor.visit_str(text),
            Content::Time => Err(self.unfit(TEXT)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let value = match (&self.0.content, self.variable()) {
            (Content::Boolean(value), _) => *value,
            (_, Some("true")) => true,
            (_, Some("false")) => false,
            _ => return Err(self.unfit(BOOLEAN)),
        };
        visitor.visit_bool(value)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.number(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.number(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.number(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.number(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.text(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if let Some(text) = self.variable() {
            let parts = text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            let nodes: Vec<Node> = parts
                .map(|part| Node {
                    origin: self.0.origin.clone(),
                    key: self.0.key.clone(),
                    content: Content::Text(part.to_owned()),
                })
                .collect();
            // The parts are no nodes of the tree: a fault of one is a fault of the whole.
            return visitor
                .visit_seq(Elements::of(&nodes))
                .map_err(|mismatch: Mismatch| Mismatch {
                    backwards: Vec::new(),
                    ..mismatch
                });
        }
        match &self.0.content {
            Content::List(list) => visitor.visit_seq(Elements::of(list)),
            _ => Err(self.unfit(LIST)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match &self.0.content {
            Content::Table(table) => visitor.visit_map(Entries {
                entries: table.iter(),
                value: None,
            }),
            _ => Err(self.unfit("a table")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        if let Content::Table(table) = &self.0.content {
            let unknown = table.iter().find(|(name, node)| {
                !fields.contains(&name.as_str()) && !matches!(node.content, Content::PlanError)
            });
            if let Some((name, _)) = unknown {
                let text = hint::unknown_key(name, fields);
                return Err(Mismatch::wrong(text).below(Step::Key(name.clone())));
            }
        }
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match &self.0.content {
            Content::Text(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            _ => Err(self.unfit(TEXT)),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct
        identifier ignored_any
    }
}

/// The elements of a list, without those that were refused.
struct Elements<'a>(Enumerate<slice::Iter<'a, Node>>);

impl<'a> Elements<'a> {
    fn of(list: &'a [Node]) -> Self {
        Self(list.iter().enumerate())
    }
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Mismatch> {
        let left = &mut self.0;
        let next = left.find(|(_, node)| !matches!(node.content, Content::PlanError));
        let Some((index, node)) = next else {
            return Ok(None);
        };
        let value = seed.deserialize(Reader(node));
        value
            .map(Some)
            .map_err(|mismatch| mismatch.below(Step::Element(index)))
    }
}

/// The entries of a table, without those that were refused.
struct Entries<'a> {
    entries: btree_map::Iter<'a, String, Node>,
    value: Option<(&'a str, &'a Node)>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mismatch> {
        let left = &mut self.entries;
        let next = left.find(|(_, node)| !matches!(node.content, Content::PlanError));
        let Some((name, node)) = next else {
            return Ok(None);
        };
        self.value = Some((name, node));
        seed.deserialize(name.as_str().into_deserializer())
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mismatch> {
        let (name, node) = self
            .value
            .take()
            .ok_or_else(|| Mismatch::wrong("has a value without a key"))?;
        seed.deserialize(Reader(node))
            .map_err(|mismatch| mismatch.below(Step::Key(name.to_owned())))
    }
}

const BOOLEAN: &str = "true or false";
const LIST: &str = "a list";
const NUMBER: &str = "a whole number";
const TEXT: &str = "a text";
