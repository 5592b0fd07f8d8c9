//! The values that a condition or template mentions: for traces, to explain what is missing, and to know when
//! it can be evaluated.

use std::borrow::Cow;

use super::context::Context;
use super::error::Error;
use super::language::Mentions;
use super::scope::{Scope, now_field};

/// The names in a condition or template.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    mentions: Mentions,
    lasts: Lasts,
}

/// How long what was evaluated remains true.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Lasts {
    /// For the whole run: it depends on the event alone.
    Run,
    /// For that moment: it depends on the time or on the state of a phone.
    Moment,
    /// It depends on steps before, so it cannot be known when the rule fires.
    UntilStep,
}

impl From<Mentions> for Names {
    fn from(mentions: Mentions) -> Self {
        let lasts = |name: &String| match name.as_str() {
            "now" | "phone" | "phones" => Lasts::Moment,
            "steps" => Lasts::UntilStep,
            _ => Lasts::Run,
        };
        let lasts = mentions.variables.iter().map(lasts).max();
        Self {
            lasts: lasts.unwrap_or(Lasts::Run),
            mentions,
        }
    }
}

impl Names {
    /// Returns the steps that are mentioned.
    pub(super) fn steps(&self) -> impl Iterator<Item = &str> {
        self.mentions.steps.iter().map(String::as_str)
    }

    /// Returns whether `steps` is mentioned without one of them.
    pub(super) fn mention_all_steps(&self) -> bool {
        self.mentions.all_steps > 0
    }

    /// Returns the values of the event that are mentioned.
    pub(crate) fn event_values(&self) -> impl Iterator<Item = &str> {
        let is_of_event = |name: &&str| !name.contains('.');
        let values = self.mentions.values.iter().map(String::as_str);
        values.filter(is_of_event)
    }

    /// Returns the phones that are mentioned by a name that is written out.
    pub(crate) fn phones(&self) -> impl Iterator<Item = &str> {
        self.mentions.phones.iter().map(String::as_str)
    }

    /// Returns how long what was evaluated remains true.
    pub(super) fn lasts(&self) -> Lasts {
        self.lasts
    }

    /// Returns whether the value of the event is mentioned.
    pub(super) fn mentions(&self, value: &str) -> bool {
        let mut values = self.mentions.values.iter();
        values.any(|name| name.eq_ignore_ascii_case(value))
    }

    /// Returns each name with its value in `context`.
    pub(super) fn of<'a>(&'a self, context: &Context<'a>) -> Vec<(&'a str, Option<Cow<'a, str>>)> {
        let mut phone = None;
        let value = |name: &'a String| {
            let value = match name.split_once('.') {
                Some(("phone", field)) => {
                    let phone = phone.get_or_insert_with(|| context.phones.of_event(context.fact));
                    phone.field(field).map(|value| Cow::Owned(value.to_owned()))
                }
                Some(("now", field)) => {
                    now_field(context.now, field).map(|value| Cow::Owned(value.to_string()))
                }
                _ => context.fact.value(name).map(Cow::Borrowed),
            };
            (name.as_str(), value)
        };
        self.mentions.values.iter().map(value).collect()
    }

    /// Explains an error: an undefined value by the names of what is missing.
    pub(super) fn explain(
        &self,
        error: minijinja::Error,
        context: &Context<'_>,
        scope: &Scope,
    ) -> Error {
        if error.kind() != minijinja::ErrorKind::UndefinedError {
            return Error::Expression(error);
        }
        match self.missing(context, scope) {
            Error::Undefined { names } if names.is_empty() => Error::Expression(error),
            missing => missing,
        }
    }

    /// Returns the error that names the values which are missing.
    pub(super) fn missing(&self, context: &Context<'_>, scope: &Scope) -> Error {
        if let Some(name) = scope.unknown_phone() {
            return Error::UnknownPhone { name };
        }
        let missing = self
            .of(context)
            .into_iter()
            .filter(|(_, value)| value.is_none());
        let names: Vec<String> = missing.map(|(name, _)| name.to_owned()).collect();
        Error::Undefined { names }
    }
}
