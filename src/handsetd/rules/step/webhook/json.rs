//! The JSON of a web hook: written as a TOML value, with templates for its texts.

use std::collections::BTreeMap;

use serde_json::{Number, Value as Json};

use crate::rules::config::Value;
use crate::rules::context::Context;
use crate::rules::error::Error;
use crate::rules::template::Template;

/// A JSON value with templates. What a template outputs is a string, whatever it looks like; numbers and
/// booleans are those that are written.
#[derive(Debug)]
pub(super) enum JsonTemplate {
    Boolean(bool),
    List(Vec<Self>),
    Number(Number),
    Object(BTreeMap<String, Self>),
    Text(Template),
}

impl JsonTemplate {
    /// Compiles the texts in `value`.
    pub(super) fn parse(value: &Value) -> Result<Self, Vec<Error>> {
        let mut errors = Vec::new();
        let json = Self::parse_at(value, MAX_DEPTH, &mut errors);
        match json {
            Some(json) if errors.is_empty() => Ok(json),
            _ => Err(errors),
        }
    }

    /// Compiles the texts in `value`, as far as they can be.
    fn parse_at(value: &Value, depth: usize, errors: &mut Vec<Error>) -> Option<Self> {
        let mut invalid = |reason: String| {
            errors.push(Error::InvalidValue { reason });
            None
        };
        let Some(depth) = depth.checked_sub(1) else {
            return invalid(format!("nested deeper than {MAX_DEPTH} levels"));
        };
        Some(match value {
            Value::Boolean(value) => Self::Boolean(*value),
            Value::Float(value) => match Number::from_f64(*value) {
                Some(number) => Self::Number(number),
                None => return invalid(format!("{value} is no JSON number")),
            },
            Value::Integer(value) => Self::Number(Number::from(*value)),
            Value::List(list) => {
                let list = list.iter();
                Self::List(
                    list.filter_map(|value| Self::parse_at(value, depth, errors))
                        .collect(),
                )
            }
            Value::Secret(_) => return invalid("a secret belongs in headers".to_owned()),
            Value::Table(table) => {
                let pairs = table.iter().filter_map(|(key, value)| {
                    Some((key.clone(), Self::parse_at(value, depth, errors)?))
                });
                Self::Object(pairs.collect())
            }
            Value::Text(text) => match Template::parse(text) {
                Ok(template) => Self::Text(template),
                Err(error) => {
                    errors.push(error);
                    return None;
                }
            },
        })
    }

    /// Adds its templates to `templates`.
    pub(super) fn collect<'a>(&'a self, templates: &mut Vec<&'a Template>) {
        match self {
            Self::Boolean(_) | Self::Number(_) => {}
            Self::List(list) => list.iter().for_each(|json| json.collect(templates)),
            Self::Object(object) => object.values().for_each(|json| json.collect(templates)),
            Self::Text(template) => templates.push(template),
        }
    }

    /// Fills the templates with the values of `context`.
    pub(super) fn fill(&self, context: &Context<'_>) -> Result<Json, Error> {
        self.convert(&|template| Ok(template.fill(context)?.into_text()))
    }

    /// Returns it as written.
    pub(super) fn source(&self) -> Json {
        let source = |template: &Template| Ok::<_, std::convert::Infallible>(template.source());
        match self.convert(&source) {
            Ok(json) => json,
            Err(never) => match never {},
        }
    }

    fn convert<E>(&self, text: &impl Fn(&Template) -> Result<String, E>) -> Result<Json, E> {
        Ok(match self {
            Self::Boolean(value) => Json::Bool(*value),
            Self::List(list) => {
                let list = list.iter().map(|json| json.convert(text));
                Json::Array(list.collect::<Result<_, _>>()?)
            }
            Self::Number(number) => Json::Number(number.clone()),
            Self::Object(object) => {
                let pairs = object.iter();
                let pairs = pairs.map(|(key, json)| Ok((key.clone(), json.convert(text)?)));
                Json::Object(pairs.collect::<Result<_, E>>()?)
            }
            Self::Text(template) => Json::String(text(template)?),
        })
    }
}

/// How deep the JSON may be nested; it is walked recursively.
const MAX_DEPTH: usize = 32;
