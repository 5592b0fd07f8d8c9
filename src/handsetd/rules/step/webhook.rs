//! A step that sends an HTTP request.
//!
//! Scheme, host and port are written in the rule; a value of an event is percent-encoded in the URL, checked
//! in a header, and a string in the JSON, so that it can neither lead elsewhere nor add anything.

mod headers;
mod json;
mod url;

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value as Json;

use self::url::UrlTemplate;
use super::keyed::{
    DEADLINE, HEADERS, KeyedError, REDACTED, invalid, is_common, mismatch, parse_deadline,
};
use super::kind::{Kind, WEBHOOK_FILE};
use super::outline::Outline;
use crate::rules::config::{Value, Values};
use crate::rules::context::Context;
use crate::rules::error::Error;
use crate::rules::template::Template;
use headers::HeaderTemplates;
use json::JsonTemplate;

/// An HTTP request.
#[derive(Clone, PartialEq)]
pub struct WebhookCall {
    /// The method.
    pub method: Method,
    /// The URL, which may be a secret.
    pub url: ::url::Url,
    /// The headers; secret ones are marked as sensitive.
    pub headers: HeaderMap,
    /// The body.
    pub body: Option<String>,
    /// How long the server may take to answer.
    pub deadline: Duration,
    /// The URL for display.
    shown_url: String,
    /// The body for display.
    shown_body: Option<(&'static str, Json)>,
}

/// Shows no secrets.
impl std::fmt::Debug for WebhookCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookCall")
            .field("method", &self.method)
            .field("url", &self.shown_url)
            .field("headers", &self.headers)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// A request with templates.
#[derive(Debug)]
pub(super) struct WebhookTemplate {
    method: Method,
    url: UrlTemplate,
    headers: HeaderTemplates,
    body: BodyTemplate,
    deadline: Duration,
}

#[derive(Debug)]
enum BodyTemplate {
    None,
    Json(JsonTemplate),
    Text(Template),
}

impl WebhookTemplate {
    /// Compiles a step that requests `url`.
    pub(super) fn parse(url: &Value, values: &Values) -> Result<Self, Vec<KeyedError>> {
        let mut errors = Vec::new();
        let unknown = values
            .keys()
            .find(|key| !KEYS.contains(&key.as_str()) && !is_common(key));
        if let Some(key) = unknown {
            let reason = format!("unknown key {key}; a web hook has {}", KEYS.join(", "));
            errors.push(invalid(key, reason));
        }
        let url = UrlTemplate::parse(url).map_err(|error| errors.push(error));
        let method = parse_method(values).map_err(|error| errors.push(error));
        let deadline = parse_deadline(values, DEFAULT_DEADLINE).map_err(|error| errors.push(error));
        let body = BodyTemplate::parse(values).map_err(|found| errors.extend(found));
        let headers = HeaderTemplates::parse(values.get(HEADERS));
        let headers = headers.map_err(|found| errors.extend(found));
        match (url, method, deadline, body, headers) {
            (Ok(url), Ok(method), Ok(deadline), Ok(body), Ok(headers)) if errors.is_empty() => {
                Ok(Self {
                    method,
                    url,
                    headers,
                    body,
                    deadline,
                })
            }
            _ => Err(errors),
        }
    }

    /// Returns the templates, each with its key.
    pub(super) fn templates(&self) -> Vec<(&str, &Template)> {
        let mut templates = Vec::new();
        templates.extend(
            self.url
                .template()
                .map(|template| (Kind::Webhook.key(), template)),
        );
        templates.extend(self.headers.templates().map(|template| (HEADERS, template)));
        match &self.body {
            BodyTemplate::None => {}
            BodyTemplate::Json(json) => {
                let mut found = Vec::new();
                json.collect(&mut found);
                templates.extend(found.into_iter().map(|template| (JSON, template)));
            }
            BodyTemplate::Text(template) => templates.push((BODY, template)),
        }
        templates
    }

    /// Fills the templates with the values of `context`.
    pub(super) fn fill(&self, context: &Context<'_>) -> Result<WebhookCall, Error> {
        let url = self.url.fill(context)?;
        let mut headers = self.headers.fill(context)?;
        let (body, shown_body, media_type) = match &self.body {
            BodyTemplate::None => (None, None, None),
            BodyTemplate::Json(json) => {
                let json = json.fill(context)?;
                let text = json.to_string();
                (Some(text), Some((JSON, json)), Some("application/json"))
            }
            BodyTemplate::Text(template) => {
                let text = template.fill(context)?.into_text();
                let shown = Json::from(text.as_str());
                (
                    Some(text),
                    Some((BODY, shown)),
                    Some("text/plain; charset=utf-8"),
                )
            }
        };
        let length = body.as_ref().map_or(0, String::len);
        if length > MAX_BODY {
            let reason = format!("a body of {length} bytes exceeds the limit of {MAX_BODY}");
            return Err(Error::InvalidValue { reason });
        }
        if let Some(media_type) = media_type {
            let media_type = HeaderValue::from_static(media_type);
            headers.entry(CONTENT_TYPE).or_insert(media_type);
        }
        Ok(WebhookCall {
            method: self.method.clone(),
            shown_url: self.url.shown(&url),
            url,
            headers,
            body,
            deadline: self.deadline,
            shown_body,
        })
    }

    /// Returns the step as written.
    pub(super) fn outline(&self) -> Outline {
        let body = match &self.body {
            BodyTemplate::None => None,
            BodyTemplate::Json(json) => Some((JSON, json.source())),
            BodyTemplate::Text(template) => Some((BODY, Json::from(template.source()))),
        };
        let headers = self.headers.source();
        outline(self.url.source(), self.method.as_str(), headers, body)
    }
}

impl BodyTemplate {
    fn parse(values: &Values) -> Result<Self, Vec<KeyedError>> {
        match (values.get(JSON), values.get(BODY)) {
            (Some(_), Some(_)) => Err(vec![invalid(BODY, "conflicts with json; keep one")]),
            (Some(json), None) => JsonTemplate::parse(json).map(Self::Json).map_err(|errors| {
                let keyed = |error| (Some(JSON.to_owned()), error);
                errors.into_iter().map(keyed).collect()
            }),
            (None, Some(Value::Text(text))) => Template::parse(text)
                .map(Self::Text)
                .map_err(|error| vec![(Some(BODY.to_owned()), error)]),
            (None, Some(_)) => Err(vec![mismatch(
                BODY,
                "must be a string; use json for a table",
            )]),
            (None, None) => Ok(Self::None),
        }
    }
}

impl From<&WebhookCall> for Outline {
    fn from(call: &WebhookCall) -> Self {
        let shown = |(name, value): (&reqwest::header::HeaderName, &HeaderValue)| {
            let text = String::from_utf8_lossy(value.as_bytes());
            let text = if value.is_sensitive() {
                REDACTED
            } else {
                &text
            };
            (name.to_string(), Json::from(text))
        };
        let is_implied = |name: &str, value: &HeaderValue| {
            name == CONTENT_TYPE.as_str() && Some(value.as_bytes()) == call.implied_type()
        };
        let headers = call.headers.iter();
        let headers = headers.filter(|(name, value)| !is_implied(name.as_str(), value));
        let headers = headers.map(shown).collect();
        let body = call.shown_body.clone();
        outline(call.shown_url.clone(), call.method.as_str(), headers, body)
    }
}

impl WebhookCall {
    /// Returns how much memory its values take, roughly, in bytes: as sent, and for display.
    pub(super) fn memory(&self) -> usize {
        let body = self.body.as_ref().map_or(0, String::len);
        let url = self.url.as_str().len();
        body.saturating_add(url).saturating_mul(2)
    }

    /// Returns the media type that the body has unless the rule says another.
    fn implied_type(&self) -> Option<&'static [u8]> {
        match self.shown_body.as_ref()?.0 {
            JSON => Some(b"application/json"),
            _ => Some(b"text/plain; charset=utf-8"),
        }
    }
}

/// Returns a value of the configuration as JSON.
pub(super) fn to_json(value: &Value) -> Result<Json, Error> {
    match JsonTemplate::parse(value) {
        Ok(json) => Ok(json.source()),
        Err(errors) => Err(errors.into_iter().next().unwrap_or(Error::UnknownStep)),
    }
}

/// Returns the outline of an expected step. Secret headers are not compared.
pub(super) fn expected(url: &Value, values: &Values) -> Result<Outline, Vec<KeyedError>> {
    WebhookTemplate::parse(url, values).map(|template| template.outline())
}

fn outline(
    url: String,
    method: &str,
    headers: serde_json::Map<String, Json>,
    body: Option<(&'static str, Json)>,
) -> Outline {
    let mut keys = vec![(METHOD.to_owned(), Json::from(method))];
    if !headers.is_empty() {
        keys.push((HEADERS.to_owned(), Json::Object(headers)));
    }
    keys.extend(body.map(|(key, body)| (key.to_owned(), body)));
    Outline::new(Kind::Webhook, url, keys)
}

fn parse_method(values: &Values) -> Result<Method, KeyedError> {
    let has_body = values.contains_key(JSON) || values.contains_key(BODY);
    let method = match values.get(METHOD) {
        None if has_body => return Ok(Method::POST),
        None => return Ok(Method::GET),
        Some(Value::Text(method)) => METHODS.iter().find(|known| **known == method.as_str()),
        Some(_) => None,
    };
    let expected = || mismatch(METHOD, "must be GET, POST, PUT, PATCH or DELETE");
    method.cloned().ok_or_else(expected)
}

const BODY: &str = "body";
const JSON: &str = "json";
const METHOD: &str = "method";

const KEYS: [&str; 7] = [
    "webhook",
    WEBHOOK_FILE,
    METHOD,
    JSON,
    BODY,
    HEADERS,
    DEADLINE,
];

const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// The longest body that is sent, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// How long a server may take: the steps after it wait, and so may people at phones.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(5);
