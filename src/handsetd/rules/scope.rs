//! The names that conditions and templates can use, and the environment that evaluates them.
//!
//! They can use the values of the event and the state of its phone, nothing else: no files, no clock,
//! no other templates.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use minijinja::value::{Enumerator, Object, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

use super::context::Context;
use super::error::Error;
use super::fact::Fact;
use super::filled::format_inserted;
use super::filters;
use super::limits::{FUEL, MAX_EXPRESSION};

/// The environment of all conditions and templates: strict, and limited by fuel.
pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.remove_global("debug");
    filters::bound(&mut environment);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(format_inserted);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment
});

/// Returns the names that conditions and templates see.
pub(super) fn scope(context: &Context<'_>) -> Value {
    let fact = context.fact;
    context! {
        event => Value::from_object(First(fact.clone())),
        values => Value::from_object(All(fact.clone())),
        phone => Value::from_object(Phone(fact.clone())),
        query => Value::from_object(Query(context.query.into())),
        steps => context.steps.to_value(),
    }
}

/// Rejects expressions that crash minijinja: those that are too long, and slices with a step, since
/// minijinja 3.0.5 panics when it reads an empty text or list backwards (`event.Name[::-1]`).
pub(super) fn check_limits(expression: &str) -> Result<(), Error> {
    let length = expression.len();
    if length > MAX_EXPRESSION {
        return Err(Error::TooLongExpression { length });
    }
    if has_step(expression) {
        return Err(Error::SliceStep);
    }
    Ok(())
}

/// Returns whether a pair of square brackets contains two colons.
fn has_step(expression: &str) -> bool {
    let mut quote = None;
    // The open brackets, each with the number of colons in it.
    let mut open = Vec::new();
    let mut chars = expression.chars();
    while let Some(c) = chars.next() {
        if let Some(opened) = quote {
            match c {
                '\\' => {
                    chars.next();
                }
                c if c == opened => quote = None,
                _ => {}
            }
            continue;
        }
        match c {
            '"' | '\'' => quote = Some(c),
            '[' | '(' | '{' => open.push((c, 0)),
            ']' | ')' | '}' => {
                open.pop();
            }
            ':' => {
                if let Some(('[', colons)) = open.last_mut() {
                    *colons += 1;
                    if *colons == 2 {
                        return true;
                    }
                }
            }
            _ => {}
        }
    }
    false
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
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Page => &[PHONE, QUERY],
            Self::Rule => &[EVENT, PHONE, STEPS, VALUES],
        }
    }

    /// Returns the object whose members are what most expressions are about.
    fn main(self) -> &'static str {
        match self {
            Self::Page => QUERY,
            Self::Rule => EVENT,
        }
    }
}

/// The values that a condition or template mentions, such as `Queue` in `event.Queue`.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// Values of the event, and `phone.FIELD`.
    values: Vec<String>,
    /// The steps that are mentioned, each with its field, if any.
    steps: BTreeSet<(String, Option<String>)>,
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

impl Names {
    /// Collects the names in `source`: `plain` ones, and `nested` ones with their members.
    ///
    /// Unknown names are rejected here because minijinja treats them as undefined values, even in strict
    /// mode.
    pub(super) fn parse(
        vocabulary: Vocabulary,
        source: &str,
        plain: impl IntoIterator<Item = String>,
        nested: impl IntoIterator<Item = String>,
    ) -> Result<Self, Error> {
        let globals: BTreeSet<&str> = ENVIRONMENT.globals().map(|(name, _)| name).collect();
        let is_known = |name: &str| vocabulary.names().contains(&name) || globals.contains(name);
        let plain: BTreeSet<String> = plain.into_iter().collect();
        if let Some(name) = plain.iter().find(|name| !is_known(name)) {
            let object = vocabulary.main();
            let name = name.clone();
            return Err(Error::UnknownName { name, object });
        }
        let lasts = |name: &String| match name.as_str() {
            "now" | PHONE | "phones" => Lasts::Moment,
            STEPS => Lasts::UntilStep,
            _ => Lasts::Run,
        };
        let lasts = plain.iter().map(lasts).max().unwrap_or(Lasts::Run);
        let nested: Vec<String> = nested.into_iter().collect();
        let steps = steps(source, &nested)?;
        let header = |name: String| {
            let (object, rest) = name.split_once('.')?;
            let member = rest.split('.').next()?;
            match object {
                EVENT => Some(member.to_owned()),
                PHONE => Some(format!("{PHONE}.{member}")),
                _ => None,
            }
        };
        let sorted: BTreeSet<String> = nested
            .into_iter()
            .filter_map(header)
            .chain(subscripts(source, EVENT))
            .collect();
        Ok(Self {
            values: sorted.into_iter().collect(),
            steps,
            lasts,
        })
    }

    /// Returns the steps that are mentioned, each with its field, if any.
    pub(super) fn steps(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let mut steps = self.steps.iter();
        std::iter::from_fn(move || {
            steps
                .next()
                .map(|(id, field)| (id.as_str(), field.as_deref()))
        })
    }

    /// Returns how long what was evaluated remains true.
    pub(super) fn lasts(&self) -> Lasts {
        self.lasts
    }

    /// Returns whether the value of the event is mentioned.
    pub(super) fn mentions(&self, value: &str) -> bool {
        self.values
            .iter()
            .any(|name| name.eq_ignore_ascii_case(value))
    }

    /// Returns each name with its value in `fact`.
    pub(super) fn of<'a>(
        &'a self,
        fact: &'a Fact,
    ) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        let names = self.values.iter().map(String::as_str);
        names.map(|name| {
            let of_phone = name
                .strip_prefix(PHONE)
                .and_then(|rest| rest.strip_prefix('.'));
            let value = match of_phone {
                Some(field) => fact.phone_field(field),
                None => fact.value(name),
            };
            (name, value)
        })
    }

    /// Replaces an error about an undefined value by one that names the missing values.
    pub(super) fn explain(&self, error: minijinja::Error, fact: &Fact) -> Error {
        let is_undefined = error.kind() == minijinja::ErrorKind::UndefinedError;
        if is_undefined && self.of(fact).any(|(_, value)| value.is_none()) {
            self.missing_values(fact)
        } else {
            Error::Expression(error)
        }
    }

    /// Returns the error that names the values missing from `fact`.
    pub(super) fn missing_values(&self, fact: &Fact) -> Error {
        let missing = self.of(fact).filter(|(_, value)| value.is_none());
        let names: Vec<String> = missing.map(|(name, _)| name.to_owned()).collect();
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

/// `phone`: the state of the phone that the event is about.
#[derive(Debug)]
struct Phone(Fact);

impl Object for Phone {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.phone_field(key.as_str()?).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["activity", "dnd", "hook", "name"])
    }
}

/// `query`: the first value of each name.
#[derive(Debug)]
struct Query(Vec<(String, String)>);

impl Object for Query {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let wanted = key.as_str()?;
        let (_, value) = self.0.iter().find(|(name, _)| name == wanted)?;
        Some(Value::from(value.as_str()))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names: BTreeSet<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        Enumerator::Values(names.into_iter().map(Value::from).collect())
    }
}

/// Returns the steps that are mentioned, each with its field, if any.
fn steps(source: &str, nested: &[String]) -> Result<BTreeSet<(String, Option<String>)>, Error> {
    let mut steps = BTreeSet::new();
    let mut is_whole = false;
    for name in nested {
        let mut parts = name.split('.');
        if parts.next() == Some(STEPS) {
            match parts.next() {
                Some(id) => drop(steps.insert((id.to_owned(), parts.next().map(str::to_owned)))),
                None => is_whole = true,
            }
        }
    }
    let subscripts = subscripts(source, STEPS).map(|id| (id, None));
    let before = steps.len();
    steps.extend(subscripts);
    if is_whole && steps.len() == before {
        return Err(Error::AllSteps);
    }
    Ok(steps)
}

/// Finds the names in `event['Cause-txt']`, which are not identifiers. minijinja reports only that
/// `event` is used.
fn subscripts(source: &str, object: &str) -> impl Iterator<Item = String> {
    source.split(object).skip(1).filter_map(|rest| {
        let rest = rest.strip_prefix('[')?;
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let (name, _) = rest.get(1..)?.split_once(quote)?;
        Some(name.to_owned())
    })
}

fn names(fact: &Fact) -> Enumerator {
    let names: BTreeSet<&str> = fact.values().map(|(name, _)| name).collect();
    Enumerator::Values(names.into_iter().map(Value::from).collect())
}

const EVENT: &str = "event";
const PHONE: &str = "phone";
const QUERY: &str = "query";
const STEPS: &str = "steps";
const VALUES: &str = "values";

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::super::condition::Condition;
    use super::super::template::Template;
    use super::super::{Engine, Outline, config};
    use super::*;

    /// Evaluates a rule for each fact; returns the traces, each with the keys of the push.
    fn verdicts(when: &str, facts: &[Fact]) -> Vec<String> {
        #[derive(serde::Deserialize)]
        struct Sections {
            rule: Vec<config::Rule>,
        }
        let text = format!(
            "[[rule]]\nname = 'r'\non = 'phone.incoming_call'\nwhen = \"{when}\"\n\
             do = [{{ verb = 'push', text = '{{{{ phone.name }}}} {{{{ phone.activity }}}}' }}]"
        );
        let sections: Sections = toml::from_str(&text).unwrap();
        let mut engine = Engine::new(&sections.rule).unwrap();
        let texts = facts.iter().map(|fact| {
            let (_, traces) = engine.explain(fact, Instant::now());
            let run = traces[0].run();
            let pairs = run.map(|run| Outline::from(&run.steps[0]).to_string());
            format!("{} {}", traces[0], pairs.unwrap_or_default())
        });
        texts.collect()
    }

    fn phone_event(event: &str) -> Fact {
        Fact::of_phone(event, "1001", [])
    }

    #[test]
    fn expressions_too_long_to_compile_are_rejected() {
        for link in [
            "1+",
            "1|abs+",
            "not ",
            "-",
            "1 if 1 else ",
            "1 and ",
            "event.",
            "1~",
        ] {
            let chain = |length: usize| format!("{}1", link.repeat((length - 1) / link.len()));
            // The result does not matter, as long as the stack does not overflow.
            let longest = chain(MAX_EXPRESSION);
            drop(Condition::parse(&longest));
            drop(Template::parse(&format!(
                "{{{{{}}}}}",
                chain(MAX_EXPRESSION - 2)
            )));

            let text = chain(60_000);
            let template = format!("{{{{ 1 }}}} {{{{{text}}}}}");
            let refused = [
                Condition::parse(&text).unwrap_err(),
                Template::parse(&template).unwrap_err(),
            ];
            for error in refused {
                assert!(matches!(error, Error::TooLongExpression { .. }), "{error}");
            }
        }
        let long = format!("{0}{{{{ 1 }}}}{0}{{# {0} #}}", "text ".repeat(2000));
        assert!(Template::parse(&long).is_ok());
        assert!(Template::parse(&"text {{ 1 }} ".repeat(2000)).is_ok());
    }

    #[test]
    fn slices_with_a_step_are_rejected() {
        for expression in [
            "event.Name[::-1]",
            "values.Name[1:'a]':x]",
            "'[' ~ [{'a': 1}][ : (1) : -1]",
        ] {
            let template = format!("[1::2] {{% if {expression} %}}x{{% endif %}}");
            let refused = [
                Condition::parse(expression).unwrap_err(),
                Template::parse(&template).unwrap_err(),
            ];
            for error in refused {
                assert!(matches!(error, Error::SliceStep), "{expression}: {error}");
            }
        }
        for expression in [
            "event.Name[1:-1]",
            "'[::-1]'",
            "[{'a': {'b': 1}}][:2]",
            "\"\\\"[::]\"",
        ] {
            assert!(Condition::parse(expression).is_ok(), "{expression}");
            assert!(Template::parse(&format!("[1::2] {{{{ {expression} }}}}")).is_ok());
        }
    }

    /// Once this fails, the step can be allowed: then remove [`has_step`] and `Error::SliceStep`.
    #[test]
    fn minijinja_still_panics_on_a_backward_slice_of_an_empty_text() {
        let evaluated = std::panic::catch_unwind(|| {
            let environment = Environment::new();
            let expression = environment.compile_expression("''[::-1]").unwrap();
            expression.eval(()).map(|value| value.to_string())
        });
        assert!(evaluated.is_err(), "fixed upstream: {evaluated:?}");
    }

    #[test]
    fn conditions_can_use_the_state_of_the_phone() {
        let device = [
            ("Event", "DeviceStateChange"),
            ("Device", "PJSIP/1001"),
            ("State", "INUSE"),
        ];
        let device = device.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let facts = [
            phone_event("incoming_call"),
            phone_event("dnd_on"),
            phone_event("incoming_call"),
            phone_event("dnd_off"),
            phone_event("incoming_call"),
            Fact::of_headers(device).unwrap(),
        ];
        let verdicts = verdicts("phone.dnd != 'on'", &facts);
        assert!(verdicts[0].contains("fires"), "{}", verdicts[0]);
        assert!(verdicts[0].contains("1001 ringing"), "{}", verdicts[0]);
        assert!(verdicts[2].contains("does not fire"), "{}", verdicts[2]);
        assert!(
            verdicts[2].contains("phone.dnd is \"on\""),
            "{}",
            verdicts[2]
        );
        assert!(verdicts[4].contains("fires"), "{}", verdicts[4]);
    }

    #[test]
    fn unknown_phone_fields_are_an_error() {
        let verdicts = verdicts("phone.colour == 'red'", &[phone_event("incoming_call")]);
        assert!(verdicts[0].contains("does not fire"), "{}", verdicts[0]);
    }
}
