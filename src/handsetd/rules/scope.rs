//! The environment of conditions and templates, and the names that they can use.
//!
//! They can use the values of the event, the time, and phones with their state, nothing else: no files and
//! no other templates.

mod event;
mod now;
mod phones;
mod query;

use std::sync::LazyLock;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

use super::context::Context;
use super::error::Error;
use super::filled::format_inserted;
use super::limits::{FUEL, MAX_EXPRESSION};
use super::{filters, language};
use event::{All, First};
use now::Now;
pub(super) use now::field as now_field;
use phones::{Phone, Phones};
use query::Query;

/// The environment of all conditions and templates: strict, and limited by fuel.
pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.remove_global("debug");
    // Errors are explained by `mentions`.
    environment.set_debug(false);
    filters::bound(&mut environment);
    language::extend(&mut environment);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(format_inserted);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment
});

/// What an expression can refer to.
#[derive(Debug)]
pub(super) struct Scope {
    /// The names, as minijinja takes them.
    pub(super) names: Value,
    phones: Value,
}

impl Scope {
    /// Returns the scope for an event.
    pub(super) fn new(context: &Context<'_>) -> Self {
        let fact = context.fact;
        let phones = Value::from_object(Phones::new(fact.server(), context.phones));
        let names = context! {
            event => Value::from_object(First(fact.clone())),
            now => Value::from_object(Now(context.now.clone())),
            phone => Value::from_object(Phone::of_event(fact, context.phones)),
            phones => phones.clone(),
            query => Value::from_object(Query(context.query.into())),
            steps => context.steps.to_value(),
            values => Value::from_object(All(fact.clone())),
        };
        Self { names, phones }
    }

    /// Returns the name of a phone that was looked up and is unknown.
    pub(super) fn unknown_phone(&self) -> Option<String> {
        self.phones.downcast_object_ref::<Phones>()?.unknown()
    }
}

/// Refuses expressions that are too long for minijinja to compile.
pub(super) fn check_length(expression: &str) -> Result<(), Error> {
    let length = expression.len();
    if length > MAX_EXPRESSION {
        return Err(Error::TooLongExpression { length });
    }
    Ok(())
}

/// The names that an expression can use. All of them have values always, but one that says nothing is a
/// mistake.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Vocabulary {
    /// Of pages, which no event precedes.
    Page,
    /// Of rules.
    Rule,
}

impl Vocabulary {
    /// Returns the names.
    pub(super) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Page => &["now", "phone", "phones", "query"],
            Self::Rule => &["event", "now", "phone", "phones", "steps", "values"],
        }
    }
}

#[cfg(test)]
mod tests;
