//! The URL of a web hook.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::super::keyed::{KeyedError, invalid, mismatch};
use crate::rules::config::{Secret, Value};
use crate::rules::context::Context;
use crate::rules::error::Error;
use crate::rules::template::{Template, literal_start};

/// A URL whose scheme, host and port are written in the rule. What a placeholder outputs is percent-encoded.
#[derive(Debug)]
pub(super) enum UrlTemplate {
    /// The whole URL is a secret.
    Secret(SecretUrl),
    Text {
        template: Template,
        origin: Url,
    },
}

/// A URL that is not shown.
pub(super) struct SecretUrl(Url);

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl UrlTemplate {
    /// Compiles the key `webhook`.
    pub(super) fn parse(value: &Value) -> Result<Self, KeyedError> {
        match value {
            Value::Secret(secret) => Self::parse_secret(secret),
            Value::Text(text) => Self::parse_text(text),
            _ => Err(mismatch(
                WEBHOOK,
                "must be a URL, such as \"https://192.0.2.1/hook\"",
            )),
        }
    }

    fn parse_secret(secret: &Secret) -> Result<Self, KeyedError> {
        // The reason must not show it.
        let url = Url::parse(secret.expose()).ok().filter(is_web);
        let reason = "the secret is no URL that starts with http:// or https://";
        url.map(|url| Self::Secret(SecretUrl(url)))
            .ok_or_else(|| invalid(WEBHOOK, reason))
    }

    fn parse_text(text: &str) -> Result<Self, KeyedError> {
        let start = literal_start(text);
        let authority = ["https://", "http://"]
            .iter()
            .find_map(|scheme| start.strip_prefix(scheme))
            .ok_or_else(|| {
                invalid(
                    WEBHOOK,
                    format!("{text:?} must start with https:// or http://"),
                )
            })?;
        if start.len() < text.len() && !authority.contains(['/', '?', '#']) {
            let reason = "the host must be written as it is; put / between it and the first {{";
            return Err(invalid(WEBHOOK, reason));
        }
        if authority.starts_with(['/', '?', '#']) {
            return Err(invalid(
                WEBHOOK,
                format!("invalid URL {text:?}: it has no host"),
            ));
        }
        // The URL standard drops some of them, and reads others as a slash.
        if start.contains(|c: char| c == '\\' || c.is_control()) {
            let reason = "must not contain a backslash, a line break or another control character";
            return Err(invalid(WEBHOOK, reason));
        }
        let url = Url::parse(start)
            .map_err(|error| invalid(WEBHOOK, format!("invalid URL {text:?}: {error}")))?;
        if !is_web(&url) {
            return Err(invalid(
                WEBHOOK,
                format!("invalid URL {text:?}: it has no host"),
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let reason =
                "must not contain a password; use headers = { Authorization_file = \"…\" }";
            return Err(invalid(WEBHOOK, reason));
        }
        let template = Template::parse(text).map_err(|error| (Some(WEBHOOK.to_owned()), error))?;
        Ok(Self::Text {
            template,
            origin: url,
        })
    }

    /// Returns the template, if there is one.
    pub(super) fn template(&self) -> Option<&Template> {
        match self {
            Self::Secret(_) => None,
            Self::Text { template, .. } => Some(template),
        }
    }

    /// Fills the template with the values of `context`.
    pub(super) fn fill(&self, context: &Context<'_>) -> Result<Url, Error> {
        let (template, origin) = match self {
            Self::Secret(url) => return Ok(url.0.clone()),
            Self::Text { template, origin } => (template, origin),
        };
        let filled = template.fill(context)?;
        let invalid = |reason: String| Error::InvalidValue { reason };
        let text = filled.with_inserted(|text| utf8_percent_encode(text, KEPT).to_string());
        if text.len() > MAX_URL {
            let length = text.len();
            return Err(invalid(format!(
                "a URL of {length} bytes exceeds the limit of {MAX_URL}"
            )));
        }
        // A tab or a line break within a segment is dropped.
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let path = path.replace(['\t', '\n', '\r'], "").to_ascii_lowercase();
        if path
            .replace("%2e", ".")
            .split(['/', '\\'])
            .any(|segment| [".", ".."].contains(&segment))
        {
            return Err(invalid(format!("{text:?} leads to another path")));
        }
        let url = Url::parse(&text).map_err(|error| invalid(format!("{text:?}: {error}")))?;
        // Follows from the check at load; here in case the two disagree.
        if url.origin() != origin.origin() {
            return Err(invalid(format!("{text:?} leads to another host")));
        }
        Ok(url)
    }

    /// Returns a filled URL for display.
    pub(super) fn shown(&self, url: &Url) -> String {
        match self {
            Self::Secret(_) => self.source(),
            Self::Text { .. } => url.to_string(),
        }
    }

    /// Returns the URL as written; of a secret one, only where it leads.
    pub(super) fn source(&self) -> String {
        match self {
            Self::Secret(url) => {
                format!("{}/[redacted]", url.0.origin().ascii_serialization())
            }
            Self::Text { template, origin } => match template.literal() {
                Some(_) => origin.to_string(),
                None => template.source(),
            },
        }
    }
}

fn is_web(url: &Url) -> bool {
    ["http", "https"].contains(&url.scheme()) && url.has_host()
}

/// What a placeholder outputs that needs no encoding.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

const WEBHOOK: &str = "webhook";

/// The longest URL, in bytes, which servers commonly take.
const MAX_URL: usize = 8 * 1024;
