//! A step that makes a request: a verb with templates, checked at load as far as possible.

use handset_phones::verb::{COMMON, Kind, Refusal, Request, Verb};
use serde_json::Value as Json;

use super::keyed::{KeyedError, PHONE, is_common, mismatch};
use super::kind;
use super::outline::Outline;
use crate::rules::config::{Value, Values};
use crate::rules::context::Context;
use crate::rules::error::Error;
use crate::rules::filled::Filled;
use crate::rules::template::Template;

/// A request to one or more phones.
#[derive(Clone, Debug, PartialEq)]
pub struct VerbCall {
    /// The parsed request.
    pub request: Request,
    /// Its keys and values with templates filled in, ordered by key.
    pub pairs: Vec<(String, String)>,
    /// Whether the phone is that of the event, because the step names none.
    pub is_phone_implied: bool,
}

impl VerbCall {
    /// Returns how much memory its values take, roughly, in bytes: as text, and parsed.
    pub(super) fn memory(&self) -> usize {
        let texts: usize = self.pairs.iter().map(|(_, text)| text.len()).sum();
        texts.saturating_mul(2)
    }
}

impl From<&VerbCall> for Outline {
    fn from(call: &VerbCall) -> Self {
        let pairs = call.pairs.iter();
        let pairs = pairs.map(|(key, text)| (key.clone(), Json::from(text.as_str())));
        let verb = call.request.verb.name().to_owned();
        let mut outline = Self::new(kind::Kind::Verb, verb, pairs.collect());
        outline.is_phone_implied = call.is_phone_implied;
        outline
    }
}

/// A verb with templates for the values of its keys.
#[derive(Debug)]
pub(super) struct VerbTemplate {
    verb: Verb,
    pairs: Vec<(String, Template)>,
}

impl VerbTemplate {
    /// Compiles a step with the verb `name`.
    pub(super) fn parse(name: &str, values: &Values) -> Result<Self, Vec<KeyedError>> {
        let verb: Verb = name
            .parse()
            .map_err(|error| vec![(Some(VERB.to_owned()), Refusal::UnknownVerb(error).into())])?;
        let mut errors = Vec::new();
        let mut pairs = Vec::new();
        let (texts, mismatches) = texts(verb, values);
        errors.extend(mismatches);
        for (key, text) in texts {
            match Template::parse(&text) {
                Ok(template) => pairs.push((key, template)),
                Err(error) => errors.push((Some(key), error)),
            }
        }
        let step = Self { verb, pairs };
        if errors.is_empty() {
            errors = step.errors();
        }
        if errors.is_empty() {
            Ok(step)
        } else {
            Err(errors)
        }
    }

    /// Returns the templates, each with its key.
    pub(super) fn templates(&self) -> Vec<(&str, &Template)> {
        let pairs = self.pairs.iter();
        pairs
            .map(|(key, template)| (key.as_str(), template))
            .collect()
    }

    /// Returns the step as written.
    pub(super) fn outline(&self) -> Outline {
        let pairs = self.pairs.iter();
        let pairs = pairs.map(|(key, template)| (key.clone(), Json::from(template.source())));
        Outline::new(
            kind::Kind::Verb,
            self.verb.name().to_owned(),
            pairs.collect(),
        )
    }

    /// Fills the templates with the values of `context`.
    pub(super) fn fill(&self, context: &Context<'_>) -> Result<VerbCall, Error> {
        let mut pairs = Vec::with_capacity(self.pairs.len().saturating_add(1));
        for (key, template) in &self.pairs {
            pairs.push((key.clone(), template.fill(context)?));
        }
        let is_phone_implied = !WITHOUT_PHONE.contains(&self.verb.name())
            && !pairs.iter().any(|(key, _)| key == PHONE);
        if is_phone_implied {
            let phone = context
                .fact
                .phone()
                .ok_or(Error::MissingPhone { verb: self.verb })?;
            let at = pairs.partition_point(|(key, _)| key.as_str() < PHONE);
            pairs.insert(at, (PHONE.to_owned(), Filled::inserted(phone)));
        }
        let given = pairs
            .iter()
            .map(|(key, filled)| (key.as_str(), filled.as_given()));
        let request = Request::parse_given(self.verb, given)?;
        let text = |(key, filled): (String, Filled)| (key, filled.into_text());
        let pairs = pairs.into_iter().map(text).collect();
        Ok(VerbCall {
            request,
            pairs,
            is_phone_implied,
        })
    }

    /// Returns the errors that do not depend on the event.
    fn errors(&self) -> Vec<KeyedError> {
        let parse =
            |pairs: &[(&str, &str)]| Request::parse(self.verb.name(), pairs.iter().copied()).err();
        let mut errors = Vec::new();
        for (key, template) in &self.pairs {
            let refusal = parse(&[(key, template.literal().unwrap_or_default())]);
            let is_literal = template.literal().is_some();
            match refusal {
                Some(refusal @ Refusal::UnknownKey { .. }) => {
                    errors.push((Some(key.clone()), refusal.into()));
                }
                Some(Refusal::InvalidValue { error, .. }) if is_literal => {
                    errors.push((
                        Some(key.clone()),
                        Error::InvalidValue {
                            reason: error.to_string(),
                        },
                    ));
                }
                _ => errors.extend(self.unseparated(key, template)),
            }
        }
        if errors.is_empty() {
            let literals: Vec<(&str, &str)> = self
                .pairs
                .iter()
                .filter_map(|(key, template)| Some((key.as_str(), template.literal()?)))
                .collect();
            let is_variable = |name: &str| {
                let mut pairs = self.pairs.iter();
                pairs.any(|(key, template)| key == name && template.literal().is_none())
            };
            match parse(&literals) {
                None => (),
                // The value depends on the event, or another key may replace it.
                Some(Refusal::MissingKey { key, .. })
                    if is_variable(key) || self.may_replace(key) => {}
                Some(Refusal::RequiresKey { required, .. })
                    if is_variable(required.split('=').next().unwrap_or_default()) => {}
                Some(refusal) => errors.push((None, refusal.into())),
            }
        }
        errors
    }

    /// Returns the error of a value that can never be valid, as its separator is not written.
    fn unseparated(&self, key: &str, template: &Template) -> Option<KeyedError> {
        let separator = match self.verb.row().key(key)?.kind {
            Kind::Entry | Kind::Input | Kind::Item => '|',
            Kind::Setting => '=',
            _ => return None,
        };
        if template.written().contains(separator) {
            return None;
        }
        let reason = format!(
            "the rule itself must contain {separator}; in a value of an event it separates nothing"
        );
        Some((Some(key.to_owned()), Error::InvalidValue { reason }))
    }

    /// Returns whether a value that depends on the event may make `key` unnecessary.
    fn may_replace(&self, key: &str) -> bool {
        let is_required = self
            .verb
            .row()
            .keys
            .iter()
            .any(|known| known.name == key && known.required);
        let has_gaps = |(_, template): &(String, Template)| template.literal().is_none();
        let common = |(name, _): &(String, Template)| COMMON.iter().any(|known| known.name == name);
        let mut own = self.pairs.iter().filter(|pair| !common(pair));
        !is_required && own.any(has_gaps)
    }
}

/// Returns the keys and values of a request, one pair for each element of a list, and the keys whose values
/// are of another kind.
pub(super) fn texts(verb: Verb, values: &Values) -> (Vec<(String, String)>, Vec<KeyedError>) {
    let (mut texts, mut errors) = (Vec::new(), Vec::new());
    let own = values
        .iter()
        .filter(|(key, _)| *key != VERB && !is_common(key));
    for (key, value) in own {
        let list = match value {
            Value::List(list) => list.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in list {
            let text = match value {
                Value::Boolean(value) => word(verb, key, *value).to_owned(),
                Value::Integer(number) => number.to_string(),
                Value::Text(text) => text.clone(),
                Value::Float(_) | Value::List(_) | Value::Secret(_) | Value::Table(_) => {
                    let expected = "must be a string, an integer, a boolean or a list of strings";
                    errors.push(mismatch(key, expected));
                    continue;
                }
            };
            texts.push((key.clone(), text));
        }
    }
    (texts, errors)
}

/// Returns how `key` spells a boolean.
fn word(verb: Verb, key: &str, value: bool) -> &'static str {
    let is_switch = verb
        .row()
        .key(key)
        .is_some_and(|key| matches!(key.kind, Kind::Word(words) if words.contains(&"on")));
    match (is_switch, value) {
        (true, true) => "on",
        (true, false) => "off",
        (false, true) => "yes",
        (false, false) => "no",
    }
}

const VERB: &str = "verb";

/// Verbs that need no phone.
const WITHOUT_PHONE: [&str; 4] = ["login", "logout", "ping", "who"];
