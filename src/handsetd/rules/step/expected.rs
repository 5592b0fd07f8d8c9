//! An element of `expect`: a step as it must be taken.

use handset_phones::verb::Verb;
use serde_json::Value as Json;

use super::keyed::KeyedError;
use super::kind::Kind;
use super::outline::Outline;
use super::verb::texts;
use super::{ami, wait, webhook};
use crate::rules::config::{Value, Values};
use crate::rules::error::Error;

/// Returns the outline of an element of `expect`.
pub(in crate::rules) fn expected(values: &Values) -> Result<Outline, Error> {
    let (kind, main) = Kind::of(values).ok_or(Error::UnknownStep)?;
    let first = |errors: Vec<KeyedError>| {
        let error = errors.into_iter().next().map(|(_, error)| error);
        error.unwrap_or(Error::UnknownStep)
    };
    match (kind, main) {
        (Kind::Ami, Value::Text(name)) => ami::expected(name, values).map_err(|(_, error)| error),
        (Kind::Verb, Value::Text(name)) => {
            let texts = Verb::find(name).map_or_else(Vec::new, |verb| texts(verb, values).0);
            let texts = texts.into_iter().map(|(key, text)| (key, Json::from(text)));
            Ok(Outline::new(kind, name.clone(), texts.collect()))
        }
        (Kind::Wait, Value::Text(duration)) => {
            let duration = wait::parse(duration)?;
            Ok(Outline::from(duration))
        }
        (Kind::Webhook, url) => webhook::expected(url, values).map_err(first),
        _ => Err(Error::UnknownStep),
    }
}
