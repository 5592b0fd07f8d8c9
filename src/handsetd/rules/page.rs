//! A page: the keys of `push` as templates, filled in for each request of a phone.
//!
//! A template can use `query`, what the page was requested with, and `phone`, the phone that asks. No event
//! precedes a page, so there is no `event`. What the query inserts is one piece of text, as a value of an
//! event is in a rule.

use std::sync::Arc;

use handset_phones::phone::{ServerName, States};
use handset_phones::verb::{Action, COMMON, Push, Refusal, Request, Verb};

use super::config::{Value, Values};
use super::context::{Context, Moment, PhoneTable, Phones};
use super::error::Error;
use super::fact::Fact;
use super::filled::Filled;
use super::scope::Vocabulary;
use super::step::StepResults;
use super::template::Template;

/// The compiled templates of a page.
#[derive(Debug)]
pub(crate) struct PageTemplate(Vec<(String, Template)>);

/// A request for a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageRequest<'a> {
    /// The name of the phone that asks and its server, if it is known.
    pub(crate) phone: Option<(&'a str, Option<&'a ServerName>)>,
    /// Names and values of the query.
    pub(crate) query: &'a [(String, String)],
    pub(crate) now: Moment,
}

/// A filled-in page.
#[derive(Clone, Debug)]
pub(crate) struct FilledPage {
    /// What the phone shows.
    pub(crate) push: Push,
    /// The keys and values.
    pub(crate) pairs: Vec<(String, String)>,
}

/// The phones that pages can name, with their states. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct PagePhones(PhoneTable);

impl PagePhones {
    /// Takes what describes phones, and their states.
    pub(crate) fn new(phones: Arc<dyn Phones>, states: States) -> Self {
        Self(PhoneTable { phones, states })
    }
}

impl PageTemplate {
    /// Compiles the keys of a page.
    ///
    /// # Errors
    ///
    /// All errors, each with the key that it concerns; none concerns the page as a whole.
    pub(crate) fn parse(keys: &Values) -> Result<Self, Vec<(Option<String>, Error)>> {
        let mut errors = Vec::new();
        let mut pairs = Vec::new();
        for (key, text) in keys.iter().flat_map(texts) {
            let Some(text) = text else {
                let reason = EXPECTED.to_owned();
                errors.push((Some(key.to_owned()), Error::InvalidValue { reason }));
                continue;
            };
            if let Some(reason) = refusal_of(key) {
                errors.push((Some(key.to_owned()), Error::InvalidValue { reason }));
                continue;
            }
            match Template::parse_as(Vocabulary::Page, &text) {
                Ok(template) => pairs.push((key.to_owned(), template)),
                Err(error) => errors.push((Some(key.to_owned()), error)),
            }
        }
        let page = Self(pairs);
        if errors.is_empty() {
            errors = page.errors();
        }
        if errors.is_empty() {
            Ok(page)
        } else {
            Err(errors)
        }
    }

    /// Fills in the templates.
    pub(crate) fn fill(
        &self,
        request: &PageRequest<'_>,
        phones: &PagePhones,
    ) -> Result<FilledPage, Error> {
        let fact = match request.phone {
            Some((phone, server)) => Fact::of_phone("page", phone, []).of_server(server.cloned()),
            None => Fact::new("page", []),
        };
        let now = request.now.clock.to_zoned(jiff::tz::TimeZone::system());
        let context = Context {
            fact: &fact,
            now: &now,
            phones: &phones.0,
            query: request.query,
            steps: &StepResults::default(),
        };
        let filled = self.0.iter();
        let filled = filled.map(|(key, template)| Ok((key.as_str(), template.fill(&context)?)));
        let filled: Vec<(&str, Filled)> = filled.collect::<Result<_, Error>>()?;
        let given = filled.iter().map(|(key, filled)| (*key, filled.as_given()));
        let push = push(Request::parse_given(Verb::Push, given)?)?;
        let pairs = filled.into_iter();
        let pairs = pairs.map(|(key, filled)| (key.to_owned(), filled.into_text()));
        Ok(FilledPage {
            push,
            pairs: pairs.collect(),
        })
    }

    /// Returns the errors that do not depend on the request.
    fn errors(&self) -> Vec<(Option<String>, Error)> {
        let parse = |pairs: &[(&str, &str)]| Request::parse("push", pairs.iter().copied());
        let mut errors = Vec::new();
        for (key, template) in &self.0 {
            let literal = template.literal();
            match parse(&[(key, literal.unwrap_or_default())]) {
                Err(refusal @ Refusal::UnknownKey { .. }) => {
                    errors.push((Some(key.clone()), refusal.into()));
                }
                Err(Refusal::InvalidValue { error, .. }) if literal.is_some() => {
                    let reason = error.to_string();
                    errors.push((Some(key.clone()), Error::InvalidValue { reason }));
                }
                _ if needs_separator(key) && !template.written().contains('|') => {
                    let reason = "the page itself must contain |; in a value of the query it \
                                  separates nothing"
                        .to_owned();
                    errors.push((Some(key.clone()), Error::InvalidValue { reason }));
                }
                _ => {}
            }
        }
        let literals: Option<Vec<(&str, &str)>> = self
            .0
            .iter()
            .map(|(key, template)| Some((key.as_str(), template.literal()?)))
            .collect();
        if errors.is_empty()
            && let Some(literals) = literals
            && let Err(refusal) = parse(&literals)
        {
            errors.push((None, refusal.into()));
        }
        errors
    }
}

/// Returns the push of a request.
fn push(request: Request) -> Result<Push, Error> {
    match request.action {
        Action::Push(push) => Ok(push),
        _ => Err(Error::InvalidValue {
            reason: "a page only shows something".to_owned(),
        }),
    }
}

/// Returns the texts of a key, one for each element of a list; `None` for one of another kind.
fn texts<'a>((key, value): (&'a String, &Value)) -> Vec<(&'a str, Option<String>)> {
    let list = match value {
        Value::List(list) => list.as_slice(),
        value => std::slice::from_ref(value),
    };
    let text = |value: &Value| match value {
        Value::Boolean(true) => Some("yes".to_owned()),
        Value::Boolean(false) => Some("no".to_owned()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.clone()),
        Value::Float(_) | Value::List(_) | Value::Secret(_) | Value::Table(_) => None,
    };
    list.iter()
        .map(|value| (key.as_str(), text(value)))
        .collect()
}

/// What a value of a page is.
const EXPECTED: &str = "must be a string, an integer, a boolean or a list of strings";

/// Returns why a key of `push` is none of pages.
fn refusal_of(key: &str) -> Option<String> {
    if COMMON.iter().any(|common| common.name == key) || key == "priority" {
        return Some(format!(
            "a page is shown to the phone that asks for it, at once; remove {key}"
        ));
    }
    (key == "url").then(|| {
        "a page is written by handsetd; let items and soft keys lead to the URL instead".to_owned()
    })
}

fn needs_separator(key: &str) -> bool {
    matches!(key, "entry" | "input" | "item" | "softkey")
}

#[cfg(test)]
mod tests;
