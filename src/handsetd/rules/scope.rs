//! What conditions and templates see, and the environment that they run in.
//!
//! They compute with what an event says and nothing else: no files, no clock, no other templates.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use minijinja::value::{Enumerator, Object, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

use super::error::Error;
use super::fact::Fact;
use super::filters;

/// The environment of every condition and template: strict, and with fuel.
pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.remove_global("debug");
    filters::bound(&mut environment);
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
        phone => Value::from_object(Phone(fact.clone())),
    }
}

/// Refuses an expression that minijinja would not survive: one that is too long, since a chain of
/// operators is compiled as deep as it is long, and a slice with a step, since minijinja 3.0.5 panics
/// where that reads an empty text or list backwards (`event.Name[::-1]`).
pub(super) fn survivable(expression: &str) -> Result<(), Error> {
    let length = expression.len();
    if length > MAX_EXPRESSION {
        return Err(Error::TooLongExpression { length });
    }
    if has_step(expression) {
        return Err(Error::Step);
    }
    Ok(())
}

/// Whether two colons stand in one pair of square brackets.
fn has_step(expression: &str) -> bool {
    let mut quote = None;
    // The brackets that are open, and the colons in each.
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

/// The headers that a condition or a template asks for, such as `Queue` in `event.Queue`.
#[derive(Clone, Debug)]
pub(super) struct Names(Vec<String>);

impl Names {
    /// Sorts the names that `source` uses, plain ones and those with what follows them; refuses one
    /// that stands for nothing.
    ///
    /// minijinja itself takes a bare unknown name for an undefined value, even where it is strict.
    pub(super) fn parse(
        source: &str,
        plain: impl IntoIterator<Item = String>,
        nested: impl IntoIterator<Item = String>,
    ) -> Result<Self, Error> {
        let globals: BTreeSet<&str> = ENVIRONMENT.globals().map(|(name, _)| name).collect();
        let is_known =
            |name: &str| [EVENT, PHONE, VALUES].contains(&name) || globals.contains(name);
        let unknown: BTreeSet<String> = plain.into_iter().filter(|name| !is_known(name)).collect();
        if let Some(name) = unknown.into_iter().next() {
            return Err(Error::UnknownName { name });
        }
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
            .chain(subscripts(source))
            .collect();
        Ok(Self(sorted.into_iter().collect()))
    }

    /// Returns each name that stands for a single value, and what the fact has for it.
    pub(super) fn of<'a>(
        &'a self,
        fact: &'a Fact,
    ) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        let names = self.0.iter().map(String::as_str);
        names.map(|name| {
            let of_phone = name
                .strip_prefix(PHONE)
                .and_then(|rest| rest.strip_prefix('.'));
            let value = match of_phone {
                Some(what) => fact.of_its_phone(what),
                None => fact.value(name),
            };
            (name, value)
        })
    }

    /// Explains an error by what the fact lacks, if that is the reason.
    pub(super) fn explain(&self, error: minijinja::Error, fact: &Fact) -> Error {
        let is_undefined = error.kind() == minijinja::ErrorKind::UndefinedError;
        if is_undefined && self.of(fact).any(|(_, value)| value.is_none()) {
            self.lacking(fact)
        } else {
            Error::Expression(error)
        }
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

/// `phone`: what is known of the phone that the event is about.
#[derive(Debug)]
struct Phone(Fact);

impl Object for Phone {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.of_its_phone(key.as_str()?).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["activity", "dnd", "hook", "name"])
    }
}

/// Finds the headers in `event['Cause-txt']`, whose names are no identifiers; minijinja tells of them
/// only that `event` is used.
fn subscripts(source: &str) -> impl Iterator<Item = String> {
    source.split("event[").skip(1).filter_map(|rest| {
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
const VALUES: &str = "values";

/// How many instructions a condition or a template may take: plenty for an honest one, and over in
/// a few milliseconds for one that would not end.
const FUEL: u64 = 20_000;

/// The longest expression, in bytes.
pub(super) const MAX_EXPRESSION: usize = 1024;

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::super::condition::Condition;
    use super::super::template::Template;
    use super::super::{Engine, config};
    use super::*;

    /// Tells a rule one fact after the other, and returns what became of each in its eyes, and what
    /// is pushed.
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
        let judged = facts.iter().map(|fact| {
            let (_, traces) = engine.explain(fact, Instant::now());
            let run = traces[0].run();
            let pairs = run.map(|run| format!("{:?}", run.steps[0].pairs));
            format!("{} {}", traces[0], pairs.unwrap_or_default())
        });
        judged.collect()
    }

    fn told(event: &str) -> Fact {
        Fact::of_phone(event, "1001", [])
    }

    #[test]
    fn an_expression_is_no_longer_than_what_can_be_compiled() {
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
            // Whatever comes of it, it is no overflow of the stack.
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
    fn a_slice_has_no_step() {
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
                assert!(matches!(error, Error::Step), "{expression}: {error}");
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

    #[test]
    fn a_condition_can_ask_what_the_phone_is_doing() {
        let device = [
            ("Event", "DeviceStateChange"),
            ("Device", "PJSIP/1001"),
            ("State", "INUSE"),
        ];
        let device = device.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let facts = [
            told("incoming_call"),
            told("dnd_on"),
            told("incoming_call"),
            told("dnd_off"),
            told("incoming_call"),
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
    fn what_is_no_member_of_a_phone_is_an_error() {
        let verdicts = verdicts("phone.colour == 'red'", &[told("incoming_call")]);
        assert!(verdicts[0].contains("does not fire"), "{}", verdicts[0]);
    }
}
