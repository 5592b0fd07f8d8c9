//! A step that sends an action to Asterisk.
//!
//! The name of the action and its headers are written in the rule; values of events are values of headers,
//! and none can add a header.

use std::sync::Arc;
use std::time::Duration;

use handset_ami::Action;
use handset_ami::notify::escaped;
use handset_phones::phone::ServerName;
use serde_json::Value as Json;

use super::keyed::{DEADLINE, KeyedError, REDACTED, is_common, literal, mismatch, parse_deadline};
use super::kind::Kind;
use super::outline::Outline;
use crate::rules::config::{Value, Values};
use crate::rules::context::Context;
use crate::rules::error::Error;
use crate::rules::filled::Filled;
use crate::rules::template::Template;

/// An action, and where to send it.
#[derive(Clone, Debug, PartialEq)]
pub struct AmiCall {
    /// The action.
    pub action: Action,
    /// Name of the server; `None` for the one that the event came from.
    pub server: Option<ServerName>,
    /// The server that the event came from, if it came from one.
    pub origin: Option<ServerName>,
    /// How long Asterisk may take to answer.
    pub deadline: Duration,
}

impl AmiCall {
    /// Returns how much memory its values take, roughly, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.action
            .headers()
            .map(|(name, value)| name.len() + value.len())
            .sum()
    }
}

/// An action with templates for the values of its headers.
#[derive(Debug)]
pub(super) struct AmiTemplate {
    name: Arc<str>,
    headers: Vec<(String, Template)>,
    server: Option<ServerName>,
    deadline: Duration,
}

impl AmiTemplate {
    /// Compiles a step that sends the action `name`.
    pub(super) fn parse(name: &str, values: &Values) -> Result<Self, Vec<KeyedError>> {
        let mut errors = Vec::new();
        if let Err(error) = check_name(name) {
            errors.push(error);
        }
        let server = parse_server(values).map_err(|error| errors.push(error));
        let deadline = parse_deadline(values, DEFAULT_DEADLINE).map_err(|error| errors.push(error));
        let mut headers = Vec::new();
        for (header, value) in values.iter().filter(|(key, _)| !is_own(key)) {
            let list = match value {
                Value::List(list) => list.as_slice(),
                value => std::slice::from_ref(value),
            };
            for value in list {
                let template = text(header, value).and_then(|text| {
                    Template::parse(&text).map_err(|error| (Some(header.clone()), error))
                });
                match template {
                    Ok(template) => headers.push((header.clone(), template)),
                    Err(error) => errors.push(error),
                }
            }
        }
        if let Err(error) = check_blocking(name, &headers) {
            errors.push(error);
        }
        let (Ok(server), Ok(deadline), true) = (server, deadline, errors.is_empty()) else {
            return Err(errors);
        };
        let template = Self {
            name: Arc::from(name),
            headers,
            server,
            deadline,
        };
        // What is written in the rule must fit whatever the values of events are.
        let literals = template.headers.iter().map(|(header, template)| {
            let literal = template.literal().unwrap_or_default();
            (header.as_str(), literal.to_owned())
        });
        match build(name, literals) {
            Ok(_) => Ok(template),
            Err(error) => Err(vec![(None, error)]),
        }
    }

    /// Returns the templates, each with its header.
    pub(super) fn templates(&self) -> Vec<(&str, &Template)> {
        let headers = self.headers.iter();
        headers
            .map(|(name, template)| (name.as_str(), template))
            .collect()
    }

    /// Fills the templates with the values of `context`.
    pub(super) fn fill(&self, context: &Context<'_>) -> Result<AmiCall, Error> {
        let mut headers = Vec::with_capacity(self.headers.len());
        for (name, template) in &self.headers {
            let filled = template.fill(context)?;
            let text = match template.literal() {
                Some(literal) => literal.to_owned(),
                None => inserted(&self.name, name, &filled)?,
            };
            headers.push((name.as_str(), text));
        }
        Ok(AmiCall {
            action: build(&self.name, headers)?,
            server: self.server.clone(),
            origin: context.fact.server().cloned(),
            deadline: self.deadline,
        })
    }

    /// Returns the step as written.
    pub(super) fn outline(&self) -> Outline {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, template)| (name.clone(), Json::from(template.source())));
        let keys = server_key(self.server.as_ref()).chain(headers).collect();
        Outline::new(Kind::Ami, self.name.to_string(), keys)
    }
}

impl From<&AmiCall> for Outline {
    fn from(call: &AmiCall) -> Self {
        let headers = call.action.headers().map(|(name, value)| {
            let value = if is_secret(name) { REDACTED } else { value };
            (name.to_owned(), Json::from(value))
        });
        let keys = server_key(call.server.as_ref()).chain(headers).collect();
        Self::new(Kind::Ami, call.action.name().to_owned(), keys)
    }
}

/// Returns the outline of an expected step.
pub(super) fn expected(name: &str, values: &Values) -> Result<Outline, KeyedError> {
    let server = parse_server(values)?;
    let mut keys: Vec<_> = server_key(server.as_ref()).collect();
    for (header, value) in values.iter().filter(|(key, _)| !is_own(key)) {
        let list = match value {
            Value::List(list) => list.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in list {
            keys.push((header.clone(), Json::from(text(header, value)?)));
        }
    }
    Ok(Outline::new(Kind::Ami, name.to_owned(), keys))
}

/// Returns the value of a header that contains values of an event, which Asterisk takes for what they are.
fn inserted(action: &str, header: &str, filled: &Filled) -> Result<String, Error> {
    let text = filled.text();
    let invalid = |reason: String| Err(Error::InvalidValue { reason });
    if header.eq_ignore_ascii_case(CHANNEL) {
        // Asterisk skips white space and control characters before a value.
        if text.trim_start_matches(|c| c <= ' ').starts_with('/') {
            return invalid(format!(
                "{CHANNEL}: {text:?} is a regular expression, not a channel"
            ));
        }
    } else if header.eq_ignore_ascii_case(VARIABLE) {
        if !ONE_VARIABLE
            .iter()
            .any(|one| one.eq_ignore_ascii_case(action))
        {
            // Asterisk would set another variable, or write a function, at each comma.
            return Ok(filled.with_inserted(escaped));
        }
        if filled
            .inserted_texts()
            .any(|text| text.contains(['(', ')']))
        {
            return invalid(format!("{VARIABLE}: {text:?} would be a function"));
        }
    }
    Ok(text.to_owned())
}

/// Refuses calls that Asterisk would place before it does anything else: it does one action after the other.
/// Without the header, [`build`] adds it.
fn check_blocking(name: &str, headers: &[(String, Template)]) -> Result<(), KeyedError> {
    let is_blocking = |(header, template): &(String, Template)| {
        let yes = |literal: &str| {
            ["true", "yes", "y", "t", "1", "on"]
                .iter()
                .any(|word| word.eq_ignore_ascii_case(literal.trim()))
        };
        header.eq_ignore_ascii_case(ASYNC) && !template.literal().is_some_and(yes)
    };
    if !name.eq_ignore_ascii_case(ORIGINATE) || !headers.iter().any(is_blocking) {
        return Ok(());
    }
    let reason =
        "must be true, or Asterisk would do nothing else for handsetd until the call is answered";
    Err(mismatch(ASYNC, reason))
}

fn server_key(server: Option<&ServerName>) -> impl Iterator<Item = (String, Json)> {
    server
        .map(|server| (SERVER.to_owned(), Json::from(server.to_string())))
        .into_iter()
}

fn build(
    name: &str,
    headers: impl IntoIterator<Item = (impl AsRef<str>, String)>,
) -> Result<Action, Error> {
    let mut builder = Action::builder(name);
    let mut is_async = !name.eq_ignore_ascii_case(ORIGINATE);
    for (name, value) in headers {
        is_async |= name.as_ref().eq_ignore_ascii_case(ASYNC);
        builder = builder.with(name.as_ref(), value);
    }
    if !is_async {
        builder = builder.with(ASYNC, "true");
    }
    builder.build().map_err(|error| Error::InvalidValue {
        reason: explain(&error),
    })
}

/// Returns the error with its cause.
fn explain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn check_name(name: &str) -> Result<(), KeyedError> {
    literal(AMI, name)?;
    let reason = if name.trim() != name || name.is_empty() {
        format!("invalid action {name:?}; write one such as \"Setvar\"")
    } else if SESSION.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        format!("{name} concerns the connection of handsetd itself; it cannot be a step")
    } else {
        return Ok(());
    };
    Err((Some(AMI.to_owned()), Error::InvalidValue { reason }))
}

fn parse_server(values: &Values) -> Result<Option<ServerName>, KeyedError> {
    let Some(value) = values.get(SERVER) else {
        return Ok(None);
    };
    let Value::Text(name) = value else {
        return Err(mismatch(SERVER, "must be the name of an [[asterisk]]"));
    };
    literal(SERVER, name)?;
    let server = name.parse();
    let invalid = |_| mismatch(SERVER, "must be the name of an [[asterisk]]");
    server.map(Some).map_err(invalid)
}

/// Returns the server of a step that names one, whatever else the step has.
pub(crate) fn server_of(values: &Values) -> Option<&str> {
    match (Kind::of(values)?, values.get(SERVER)?) {
        ((Kind::Ami, _), Value::Text(server)) => Some(server),
        _ => None,
    }
}

fn text(header: &str, value: &Value) -> Result<String, KeyedError> {
    match value {
        Value::Boolean(value) => Ok(value.to_string()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Text(text) => Ok(text.clone()),
        _ => {
            let expected = "must be a string, an integer, a boolean or a list of strings";
            Err(mismatch(header, expected))
        }
    }
}

/// Returns whether the key is one of handsetd's, which are in lower case; others are headers.
fn is_own(key: &str) -> bool {
    [AMI, SERVER, DEADLINE].contains(&key) || is_common(key)
}

/// Returns whether the value of a header is not shown. `Key` is a secret of [`SESSION`] actions alone, which
/// are none of rules; elsewhere it names an entry of the database.
fn is_secret(name: &str) -> bool {
    handset_ami::wire::is_secret(name) && !name.eq_ignore_ascii_case("Key")
}

const AMI: &str = "ami";
const ASYNC: &str = "Async";
const CHANNEL: &str = "Channel";
const ORIGINATE: &str = "Originate";
const SERVER: &str = "server";
const VARIABLE: &str = "Variable";

/// Actions whose `Variable` is one name. That of others is a list `NAME=VALUE,NAME=VALUE`.
const ONE_VARIABLE: [&str; 2] = ["Getvar", "Setvar"];

/// Actions on the session in which they are sent, which is that of handsetd.
const SESSION: [&str; 6] = [
    "Challenge",
    "Events",
    "Filter",
    "Login",
    "Logoff",
    "WaitEvent",
];

/// How long Asterisk may take: as for actions that handsetd sends for a verb, and the lists of a busy server
/// take a while.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(5);
