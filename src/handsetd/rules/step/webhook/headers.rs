//! The headers of a web hook.

use reqwest::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use serde_json::{Map, Value as Json};

use crate::rules::config::{Secret, Value};
use crate::rules::context::Context;
use crate::rules::error::Error;
use crate::rules::step::keyed::{HEADERS, KeyedError, REDACTED, invalid, mismatch};
use crate::rules::template::Template;

/// Headers with templates for their values.
#[derive(Debug, Default)]
pub(super) struct HeaderTemplates(Vec<(HeaderName, HeaderTemplate)>);

#[derive(Debug)]
enum HeaderTemplate {
    Secret(Secret),
    Text(Template),
}

impl HeaderTemplates {
    /// Compiles the key `headers`.
    pub(super) fn parse(value: Option<&Value>) -> Result<Self, Vec<KeyedError>> {
        let table = match value {
            None => return Ok(Self::default()),
            Some(Value::Table(table)) => table,
            Some(_) => return Err(vec![mismatch(HEADERS, "must be a table")]),
        };
        let (mut headers, mut errors) = (Vec::new(), Vec::new());
        for (name, value) in table {
            match parse(name, value) {
                Ok(header) => headers.push(header),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() {
            Ok(Self(headers))
        } else {
            Err(errors)
        }
    }

    /// Returns the templates.
    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        self.0.iter().filter_map(|(_, header)| match header {
            HeaderTemplate::Secret(_) => None,
            HeaderTemplate::Text(template) => Some(template),
        })
    }

    /// Fills the templates with the values of `context`.
    pub(super) fn fill(&self, context: &Context<'_>) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::new();
        for (name, header) in &self.0 {
            let value = match header {
                HeaderTemplate::Secret(secret) => {
                    let mut value = header_value(name, secret.expose())?;
                    value.set_sensitive(true);
                    value
                }
                HeaderTemplate::Text(template) => {
                    header_value(name, template.fill(context)?.text())?
                }
            };
            headers.insert(name.clone(), value);
        }
        Ok(headers)
    }

    /// Returns the headers as written, without secrets.
    pub(super) fn source(&self) -> Map<String, Json> {
        let shown = |header: &HeaderTemplate| match header {
            HeaderTemplate::Secret(_) => Json::from(REDACTED),
            HeaderTemplate::Text(template) => Json::from(template.source()),
        };
        let headers = self.0.iter();
        headers
            .map(|(name, header)| (name.to_string(), shown(header)))
            .collect()
    }
}

fn parse(name: &str, value: &Value) -> Result<(HeaderName, HeaderTemplate), KeyedError> {
    let parsed = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| invalid(HEADERS, format!("invalid name of a header: {name:?}")))?;
    if FRAMING.contains(&parsed) {
        return Err(invalid(
            HEADERS,
            format!("handsetd sets {name} itself; remove it"),
        ));
    }
    let template = match value {
        Value::Secret(secret) => {
            // The value must not be shown.
            let reason = format!("{name}: the secret contains characters that no header may have");
            header_value(&parsed, secret.expose()).map_err(|_| invalid(HEADERS, reason))?;
            HeaderTemplate::Secret(secret.clone())
        }
        Value::Text(text) => {
            let keyed = |error| (Some(HEADERS.to_owned()), error);
            let template = Template::parse(text).map_err(keyed)?;
            if let Some(literal) = template.literal() {
                header_value(&parsed, literal).map_err(keyed)?;
            }
            HeaderTemplate::Text(template)
        }
        _ => return Err(mismatch(HEADERS, "values must be strings")),
    };
    Ok((parsed, template))
}

/// Returns the value of a header, which has no line break or other control character.
fn header_value(name: &HeaderName, text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        let reason = format!("{name}: {text:?} contains a line break or another control character");
        Error::InvalidValue { reason }
    })
}

/// Headers that determine where a request goes and where it ends.
const FRAMING: [HeaderName; 8] = [
    CONNECTION,
    CONTENT_LENGTH,
    EXPECT,
    HOST,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];
