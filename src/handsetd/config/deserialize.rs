//! Reads merged settings into types, and reports every value that does not fit.
//!
//! `config` deserializes its values leniently: `80` is a string where one is wanted, and `"yes"` is
//! a boolean. Here only the value of an environment variable, which is always a string, may stand
//! for something else. `config`'s errors also show the offending value, which may be a password;
//! they are therefore never displayed unless the text was written here.
//!
//! serde stops at the first error. [`read`] reports it, takes the value as absent and starts over,
//! so that an administrator sees all errors at once.

use ::config::{ConfigError, Value, ValueKind};
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_path_to_error::{Path, Segment};

use super::diagnostic::Diagnostic;
use super::explain;
use super::origin;
use super::setting::{self, Setting, Step};

/// Reads `setting` as a `T`; `None` if something that `T` requires is missing or wrong.
///
/// Every error is added to `diagnostics`, also if a value is returned.
pub(super) fn read<T: DeserializeOwned>(
    setting: &mut Setting,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<T> {
    // Most values fit, and to follow the path through them takes longer than to read them.
    if let Ok(value) = T::deserialize(Strict(&setting.value)) {
        return Some(value);
    }
    loop {
        let error = match serde_path_to_error::deserialize(Strict(&setting.value)) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let mut path = steps(error.path());
        match error.into_inner() {
            ConfigError::NotFound(field) => {
                // A value that was discarded has its own diagnostic.
                if !setting.mentions_at(&path, &field) {
                    let text = "required key is missing";
                    diagnostics.push(setting.diagnostic_below(&path, &field, text));
                }
            }
            ConfigError::At {
                error,
                key: Some(key),
                ..
            } => {
                path.push(Step::Key(key));
                diagnostics.push(setting.diagnostic_at(&path, text(&error)));
            }
            error => diagnostics.push(setting.diagnostic_at(&path, text(&error))),
        }
        // Starting over helps only if there is less to read than before.
        if path.is_empty() || !setting.discard(&path) || setting.value.kind == ValueKind::Nil {
            return None;
        }
    }
}

fn steps(path: &Path) -> Vec<Step> {
    let steps = path.iter().map_while(|segment| match segment {
        Segment::Map { key } => Some(Step::Key(key.clone())),
        Segment::Seq { index } => Some(Step::Element(*index)),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    steps.collect()
}

/// Returns the text of `error`, without the value.
fn text(error: &ConfigError) -> String {
    match error {
        ConfigError::Foreign(text) => text.to_string(),
        ConfigError::Message(text) if !shows_value(text) => text.clone(),
        _ => "invalid value".to_owned(),
    }
}

/// Returns whether `text` is one of serde's own, which show what was found.
fn shows_value(text: &str) -> bool {
    ["invalid type: ", "invalid value: ", "invalid length "]
        .iter()
        .any(|start| text.starts_with(start))
}

/// Returns an error whose text may be shown.
fn error(text: impl Into<String>) -> ConfigError {
    ConfigError::Foreign(text.into().into())
}

/// A value that is not converted, unless it comes from an environment variable.
#[derive(Clone, Copy)]
struct Strict<'a>(&'a Value);

impl<'a> Strict<'a> {
    /// Returns the text of an environment variable.
    fn variable(self) -> Option<&'a str> {
        match &self.0.kind {
            ValueKind::String(text) => origin::variable(self.0).map(|_| text.as_str()),
            _ => None,
        }
    }

    fn mismatch(self, expected: &str) -> ConfigError {
        let advice = match (&self.0.kind, expected) {
            _ if self.variable().is_some() => "",
            (ValueKind::Boolean(_) | ValueKind::Float(_) | ValueKind::I64(_), STRING) => {
                "; put it in quotes"
            }
            (ValueKind::String(_), NUMBER | BOOLEAN) => "; remove the quotes",
            (ValueKind::String(_), LIST) => "; put it in brackets",
            _ => "",
        };
        let kind = setting::kind(self.0);
        error(format!("expected {expected}, found {kind}{advice}"))
    }

    fn boolean<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        match (&self.0.kind, self.variable()) {
            (ValueKind::Boolean(value), _) => visitor.visit_bool(*value),
            (_, Some("true")) => visitor.visit_bool(true),
            (_, Some("false")) => visitor.visit_bool(false),
            _ => Err(self.mismatch(BOOLEAN)),
        }
    }

    fn number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        let parse = |text: &str| text.trim().parse().ok();
        let number = match &self.0.kind {
            ValueKind::I64(number) => Some(*number),
            _ => self.variable().and_then(parse),
        };
        let number = number.ok_or_else(|| self.mismatch(NUMBER))?;
        visitor
            .visit_i64(number)
            .map_err(|_: ConfigError| error(format!("{number} is out of range")))
    }

    fn string<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        let ValueKind::String(text) = &self.0.kind else {
            return Err(self.mismatch(STRING));
        };
        // Visitors of secrets accept every string; what fails is an address, a duration or the like.
        visitor
            .visit_str(text)
            .map_err(|reason: ConfigError| error(explain::invalid(text, &reason.to_string())))
    }

    fn list<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        if let Some(text) = self.variable() {
            let origin = self.0.origin().map(ToOwned::to_owned);
            let elements = text.split(',').map(str::trim);
            let values: Vec<Value> = elements
                .filter(|element| !element.is_empty())
                .map(|element| Value::new(origin.as_ref(), element))
                .collect();
            return visitor.visit_seq(SeqDeserializer::new(values.iter().map(Strict)));
        }
        let ValueKind::Array(elements) = &self.0.kind else {
            return Err(self.mismatch(LIST));
        };
        let present = elements.iter().filter(|value| value.kind != ValueKind::Nil);
        visitor.visit_seq(SeqDeserializer::new(present.map(Strict)))
    }

    fn table<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        let ValueKind::Table(table) = &self.0.kind else {
            return Err(self.mismatch("a table"));
        };
        let present = table
            .iter()
            .filter(|(_, value)| value.kind != ValueKind::Nil);
        let entries = present.map(|(name, value)| (name.as_str(), Strict(value)));
        visitor.visit_map(MapDeserializer::new(entries))
    }
}

/// Deserializes by one function, whichever of several types is wanted.
macro_rules! deserialize_by {
    ($($function:ident: $($method:ident)*;)*) => {
        $($(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
                self.$function(visitor)
            }
        )*)*
    };
}

impl<'de> Deserializer<'de> for Strict<'_> {
    type Error = ConfigError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        match &self.0.kind {
            ValueKind::Array(_) => self.list(visitor),
            ValueKind::Table(_) => self.table(visitor),
            _ => self.0.clone().deserialize_any(visitor),
        }
    }

    deserialize_by! {
        boolean: deserialize_bool;
        list: deserialize_seq;
        number: deserialize_i64 deserialize_u16 deserialize_u32 deserialize_u64;
        string: deserialize_str deserialize_string;
        table: deserialize_map;
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        if let ValueKind::Table(table) = &self.0.kind {
            let unknown = table.iter().find(|(name, value)| {
                value.kind != ValueKind::Nil && !fields.contains(&name.as_str())
            });
            if let Some((name, value)) = unknown {
                return Err(ConfigError::At {
                    error: Box::new(error(explain::unknown_key(name, fields))),
                    origin: value.origin().map(ToOwned::to_owned),
                    key: Some(name.clone()),
                });
            }
        }
        self.table(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        match &self.0.kind {
            ValueKind::String(text) if variants.contains(&text.as_str()) => {
                visitor.visit_enum(text.as_str().into_deserializer())
            }
            ValueKind::String(text) => Err(error(explain::unknown_variant(text, variants))),
            _ => Err(self.mismatch(STRING)),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct
        identifier ignored_any
    }
}

impl IntoDeserializer<'_, ConfigError> for Strict<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

const BOOLEAN: &str = "true or false";
const LIST: &str = "a list";
const NUMBER: &str = "an integer";
const STRING: &str = "a string";
