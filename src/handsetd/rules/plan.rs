//! One element of `do`: a request with templates, checked at load as far as possible.

use handset_phones::verb::{COMMON, Kind, Refusal, Request, Verb};

use super::config::{Value, Values};
use super::context::Context;
use super::error::Error;
use super::filled::Filled;
use super::template::Template;

/// One request of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The parsed request.
    pub request: Request,
    /// Its keys and values with templates filled in, ordered by key.
    pub pairs: Vec<(String, String)>,
}

/// A verb with templates for the values of its keys.
#[derive(Debug)]
pub(super) struct StepTemplate {
    verb: Verb,
    pairs: Vec<(String, Template)>,
}

impl StepTemplate {
    /// Compiles an element of `do`. Each error comes with the key that it concerns.
    pub(super) fn parse(values: &Values) -> Result<Self, Vec<(Option<String>, Error)>> {
        let name = match values.get(VERB) {
            Some(Value::Text(name)) => name.as_str(),
            _ => "",
        };
        let verb: Verb = name
            .parse()
            .map_err(|error| vec![(Some(VERB.to_owned()), Refusal::UnknownVerb(error).into())])?;
        let mut errors = Vec::new();
        let mut pairs = Vec::new();
        for (key, text) in texts(verb, values) {
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

    /// Fills the templates with the values of `context`.
    pub(super) fn fill(&self, context: &Context<'_>) -> Result<Step, Error> {
        let mut pairs = Vec::with_capacity(self.pairs.len().saturating_add(1));
        for (key, template) in &self.pairs {
            pairs.push((key.clone(), template.fill(context)?));
        }
        if !WITHOUT_PHONE.contains(&self.verb.name()) && !pairs.iter().any(|(key, _)| key == PHONE)
        {
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
        Ok(Step { request, pairs })
    }

    /// Returns the errors that do not depend on the event.
    fn errors(&self) -> Vec<(Option<String>, Error)> {
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
    fn unseparated(&self, key: &str, template: &Template) -> Option<(Option<String>, Error)> {
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

/// Returns the keys and values of an element except `verb`, one pair for each element of a list.
pub(super) fn texts(verb: Verb, values: &Values) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for (key, value) in values.iter().filter(|(key, _)| *key != VERB) {
        let list = match value {
            Value::Boolean(value) => vec![word(verb, key, *value).to_owned()],
            Value::Integer(number) => vec![number.to_string()],
            Value::List(list) => list.clone(),
            Value::Text(text) => vec![text.clone()],
        };
        texts.extend(list.into_iter().map(|text| (key.clone(), text)));
    }
    texts
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

const PHONE: &str = "phone";
const VERB: &str = "verb";

/// Verbs that need no phone.
const WITHOUT_PHONE: [&str; 4] = ["login", "logout", "ping", "who"];
