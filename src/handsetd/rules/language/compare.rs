//! Comparisons, and the operators that minijinja leaves unbounded.
//!
//! A text that looks like a number compares with a number as that number. With texts, every text compares as
//! text, and so does one with leading zeros with a number: the extension `042` is not 42.

use std::cmp::Ordering;

use minijinja::value::{Rest, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value};

use super::numbers::{has_leading_zeros, number};
use crate::rules::limits::{MAX_ELEMENTS, MAX_REPLACED};
use crate::rules::size::{check, too_large};

/// Replaces the tests and filters that compare, and adds the operators of [`rewrite`](super::rewrite).
pub(super) fn extend(environment: &mut Environment<'static>) {
    for name in ["eq", "equalto", "==", EQUAL] {
        add(environment, name, equal);
    }
    for name in ["ne", "!=", UNEQUAL] {
        add(environment, name, |left, right| Ok(!equal(left, right)?));
    }
    for name in ["lt", "lessthan", "<", LESS] {
        add(environment, name, |left, right| {
            Ok(order(left, right)?.is_lt())
        });
    }
    for name in ["le", "<=", AT_MOST] {
        add(environment, name, |left, right| {
            Ok(order(left, right)?.is_le())
        });
    }
    for name in ["gt", "greaterthan", ">", GREATER] {
        add(environment, name, |left, right| {
            Ok(order(left, right)?.is_gt())
        });
    }
    for name in ["ge", ">=", AT_LEAST] {
        add(environment, name, |left, right| {
            Ok(order(left, right)?.is_ge())
        });
    }
    for name in ["in", IN] {
        add(environment, name, |value, container| {
            is_in(value, container)
        });
    }
    environment.add_filter(NOT_IN, |value: &Value, container: &Value| {
        is_in(value, container).map(|is_in| !is_in)
    });
    environment.add_filter(CHAIN, chain);
    environment.add_filter(ITEM, item);
    environment.add_filter(TIMES, times);
    environment.add_filter("max", |list: Value| extreme(&list, Ordering::Greater));
    environment.add_filter("min", |list: Value| extreme(&list, Ordering::Less));
}

/// Adds a comparison as a test, or as an operator.
fn add(
    environment: &mut Environment<'static>,
    name: &'static str,
    compare: fn(&Value, &Value) -> Result<bool, Error>,
) {
    if name.starts_with(HIDDEN) {
        environment.add_filter(name, move |left: &Value, right: &Value| {
            compare(left, right)
        });
    } else {
        environment.add_test(name, move |left: &Value, right: &Value| {
            compare(left, right)
        });
    }
}

/// Returns whether two values are equal.
fn equal(left: &Value, right: &Value) -> Result<bool, Error> {
    defined(left)?;
    defined(right)?;
    Ok(is_equal(left, right))
}

fn is_equal(left: &Value, right: &Value) -> bool {
    match (left.as_str(), right.as_str()) {
        (Some(text), None) if right.is_number() => number(text).is_some_and(|left| left == *right),
        (None, Some(text)) if left.is_number() => number(text).is_some_and(|right| *left == right),
        _ => left == right,
    }
}

/// Returns the order of two values, which must be of one kind.
fn order(left: &Value, right: &Value) -> Result<Ordering, Error> {
    defined(left)?;
    defined(right)?;
    match (left.as_str(), right.as_str()) {
        (Some(text), None) if right.is_number() => order_with_number(text, right),
        (None, Some(text)) if left.is_number() => {
            order_with_number(text, left).map(Ordering::reverse)
        }
        _ if left.kind() == right.kind() => Ok(left.cmp(right)),
        _ => Err(invalid(format!(
            "cannot compare {} with {}",
            described(left),
            described(right)
        ))),
    }
}

fn order_with_number(text: &str, other: &Value) -> Result<Ordering, Error> {
    if has_leading_zeros(text) {
        return Ok(text.cmp(&other.to_string()));
    }
    let number = number(text).ok_or_else(|| {
        invalid(format!(
            "cannot compare {text:?} with {other}: it is not a number"
        ))
    })?;
    Ok(number.cmp(other))
}

/// Returns whether a list has an element, a map a key, a text a part.
fn is_in(value: &Value, container: &Value) -> Result<bool, Error> {
    defined(value)?;
    defined(container)?;
    match container.kind() {
        ValueKind::String => {
            let text = container.as_str().unwrap_or_default();
            Ok(match value.as_str() {
                Some(part) => text.contains(part),
                None => text.contains(&value.to_string()),
            })
        }
        ValueKind::Map => Ok(!find(container, value)?.is_undefined()),
        ValueKind::Seq | ValueKind::Iterable => Ok(container
            .try_iter()?
            .any(|element| is_equal(&element, value))),
        _ => Err(invalid(format!("nothing is in {}", described(container)))),
    }
}

/// `a < b <= c`: the arguments are operators and operands in turn.
#[expect(clippy::needless_pass_by_value, reason = "arguments of a filter")]
fn chain(first: Value, rest: Rest<Value>) -> Result<bool, Error> {
    let mut left = first;
    for pair in rest.chunks_exact(2) {
        let [operator, right] = pair else { continue };
        let is_met = match operator.as_str().unwrap_or_default() {
            EQUAL => equal(&left, right),
            UNEQUAL => equal(&left, right).map(|equal| !equal),
            LESS => order(&left, right).map(Ordering::is_lt),
            AT_MOST => order(&left, right).map(Ordering::is_le),
            GREATER => order(&left, right).map(Ordering::is_gt),
            AT_LEAST => order(&left, right).map(Ordering::is_ge),
            NOT_IN => is_in(&left, right).map(|is_in| !is_in),
            _ => is_in(&left, right),
        };
        if !is_met? {
            return Ok(false);
        }
        left = right.clone();
    }
    Ok(true)
}

/// `map[key]`: a key that looks like a number finds a number as well, and a number such a text.
fn item(container: &Value, key: &Value) -> Result<Value, Error> {
    defined(container)?;
    defined(key)?;
    find(container, key)
}

/// Returns an element, undefined if there is none.
pub(super) fn find(container: &Value, key: &Value) -> Result<Value, Error> {
    let found = container.get_item(key)?;
    if !found.is_undefined() || container.kind() != ValueKind::Map {
        return Ok(found);
    }
    let other = match key.as_str() {
        Some(text) => number(text),
        None if key.is_number() => Some(Value::from(key.to_string())),
        None => None,
    };
    other.map_or(Ok(Value::UNDEFINED), |other| container.get_item(&other))
}

/// `a * b`, of which one may be a text or a list.
fn times(left: &Value, right: &Value) -> Result<Value, Error> {
    defined(left)?;
    defined(right)?;
    let is_repeated = |value: &Value| {
        matches!(
            value.kind(),
            ValueKind::String | ValueKind::Seq | ValueKind::Iterable
        )
    };
    let (repeated, count) = match (is_repeated(left), is_repeated(right)) {
        (true, false) => (left, right),
        (false, true) => (right, left),
        (false, false) => return product(left, right),
        (true, true) => return Err(impossible(left, right)),
    };
    let count = count.as_usize().ok_or_else(|| impossible(left, right))?;
    let fits = |length: usize, most: usize| {
        let product = length.checked_mul(count).filter(|product| *product <= most);
        product.map(drop).ok_or_else(too_large)
    };
    if let Some(text) = repeated.as_str() {
        fits(text.len(), MAX_REPLACED)?;
        return Ok(Value::from(text.repeat(count)));
    }
    let elements: Vec<Value> = repeated.try_iter()?.collect();
    fits(elements.len(), MAX_ELEMENTS)?;
    let repeated: Value = std::iter::repeat_n(elements, count).flatten().collect();
    check([&repeated])?;
    Ok(repeated)
}

fn product(left: &Value, right: &Value) -> Result<Value, Error> {
    if !left.is_number() || !right.is_number() {
        return Err(impossible(left, right));
    }
    if left.is_integer() && right.is_integer() {
        let product = i128::try_from(left.clone())?.checked_mul(i128::try_from(right.clone())?);
        return product.map(Value::from).ok_or_else(too_large);
    }
    let product = f64::try_from(left.clone())? * f64::try_from(right.clone())?;
    Ok(Value::from(product))
}

/// Returns the largest element of a list, or the smallest.
fn extreme(list: &Value, wanted: Ordering) -> Result<Value, Error> {
    defined(list)?;
    let mut found = Value::UNDEFINED;
    for element in list.try_iter()? {
        if found.is_undefined() || order(&element, &found)? == wanted {
            found = element;
        }
    }
    Ok(found)
}

fn defined(value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    Ok(())
}

fn impossible(left: &Value, right: &Value) -> Error {
    invalid(format!(
        "cannot multiply {} by {}",
        described(left),
        described(right)
    ))
}

/// Describes a value in an error; a long one only by its kind.
fn described(value: &Value) -> String {
    match value.kind() {
        ValueKind::String => format!("the text {:?}", excerpt(value)),
        ValueKind::Number => format!("the number {value}"),
        ValueKind::Bool => value.to_string(),
        ValueKind::Seq | ValueKind::Iterable => "a list".to_owned(),
        ValueKind::Map => "a map".to_owned(),
        kind => kind.to_string(),
    }
}

fn excerpt(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    handset_net::excerpt::excerpt(text, MAX_SHOWN).into_owned()
}

fn invalid(text: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, text)
}

/// Prefix of the names of operators, which no text may use.
pub(super) const HIDDEN: &str = "__";

pub(super) const AT_LEAST: &str = "__ge";
pub(super) const AT_MOST: &str = "__le";
pub(super) const CHAIN: &str = "__chain";
pub(super) const EQUAL: &str = "__eq";
pub(super) const GREATER: &str = "__gt";
pub(super) const IN: &str = "__in";
pub(super) const ITEM: &str = "__item";
pub(super) const LESS: &str = "__lt";
pub(super) const NOT_IN: &str = "__notin";
pub(super) const TIMES: &str = "__times";
pub(super) const UNEQUAL: &str = "__ne";

/// How much of a text is shown in an error, in bytes.
const MAX_SHOWN: usize = 80;
