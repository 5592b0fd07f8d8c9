//! What conditions and templates see, and the environment that they run in.
//!
//! They compute with what an event says and nothing else: no files, no clock, no other templates.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use minijinja::value::{Enumerator, Object, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

use super::error::Error;
use super::fact::Fact;

/// The environment of every condition and template: strict, and with fuel.
pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.remove_global("debug");
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment
});

/// Returns a fact as conditions and templates see it.
pub(super) fn scope(fact: &Fact) -> Value {
    context! {
        event => Value::from_object(First(fact.clone())),
        values => Value::from_object(All(fact.clone())),
    }
}

/// The names that a condition or a template takes out of the scope, such as `event.Queue`.
#[derive(Clone, Debug)]
pub(super) struct Names(Vec<String>);

impl Names {
    /// Sorts the names; refuses one that nothing will ever have.
    ///
    /// minijinja itself takes a bare unknown name for an undefined value, even where it is strict.
    pub(super) fn parse(
        plain: impl IntoIterator<Item = String>,
        nested: impl IntoIterator<Item = String>,
    ) -> Result<Self, Error> {
        let globals: BTreeSet<&str> = ENVIRONMENT.globals().map(|(name, _)| name).collect();
        let is_known = |name: &str| name == EVENT || name == VALUES || globals.contains(name);
        let unknown: BTreeSet<String> = plain.into_iter().filter(|name| !is_known(name)).collect();
        if let Some(name) = unknown.into_iter().next() {
            return Err(Error::UnknownName { name });
        }
        let of_event = |name: &String| name.starts_with(EVENT) && name.contains('.');
        let sorted: BTreeSet<String> = nested.into_iter().filter(of_event).collect();
        Ok(Self(sorted.into_iter().collect()))
    }

    /// Returns each name that stands for a single value, and what the fact has for it.
    pub(super) fn of<'a>(
        &'a self,
        fact: &'a Fact,
    ) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        self.0.iter().filter_map(move |name| {
            let (_, header) = name.split_once('.')?;
            Some((header, fact.value(header)))
        })
    }

    /// Explains an error by what the fact lacks, if that is the reason.
    pub(super) fn explain(&self, error: minijinja::Error, fact: &Fact) -> Error {
        if error.kind() != minijinja::ErrorKind::UndefinedError {
            return Error::Expression(error);
        }
        self.lacking(fact)
    }

    /// Says what the fact lacks.
    pub(super) fn lacking(&self, fact: &Fact) -> Error {
        let absent = self.of(fact).filter(|(_, value)| value.is_none());
        let names: Vec<String> = absent.map(|(name, _)| name.to_owned()).collect();
        Error::Undefined { names }
    }
}

/// `event`: the first value of each header.
#[derive(Debug)]
struct First(Fact);

impl Object for First {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.value(key.as_str()?).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        names(&self.0)
    }
}

/// `values`: all values of each header.
#[derive(Debug)]
struct All(Fact);

impl Object for All {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let wanted = key.as_str()?;
        let all = self.0.values();
        let all = all.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        Some(all.map(|(_, value)| value).collect())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        names(&self.0)
    }
}

fn names(fact: &Fact) -> Enumerator {
    let names: BTreeSet<&str> = fact.values().map(|(name, _)| name).collect();
    Enumerator::Values(names.into_iter().map(Value::from).collect())
}

const EVENT: &str = "event";
const VALUES: &str = "values";

/// How many instructions a condition or a template may take: plenty for an honest one, and over in
/// a few milliseconds for one that would not end.
const FUEL: u64 = 20_000;
