//! The operators and statements that make a larger value of smaller ones, bounded.
//!
//! minijinja's fuel counts steps, and each of them may double a value: thirty times `a ~ a` are a gigabyte,
//! and so is a list of a list of a list, once it is written as text. A list within lists without end, or a
//! namespace within itself, would overflow the stack.

use std::sync::LazyLock;

use minijinja::value::{Rest, ValueKind, ValueOrKwargs};
use minijinja::{
    Environment, Error, ErrorKind, Expression, State, Value, context, filters, functions,
};

use crate::rules::size::{Room, check};

/// Adds the filters of [`rewrite`](super::rewrite), and replaces what is not bounded.
pub(super) fn extend(environment: &mut Environment<'static>) {
    environment.add_filter(ADD, add);
    environment.add_filter(BOUNDED, bounded);
    environment.add_filter(CONCATENATE, concatenate);
    environment.add_filter(COPY, |value: &Value| copy(value.clone()));
    environment.add_filter("map", map);
    environment.add_function("namespace", namespace);
}

/// `a + b`.
fn add(left: &Value, right: &Value) -> Result<Value, Error> {
    static PLAIN: LazyLock<Environment<'static>> = LazyLock::new(Environment::new);
    static SUM: LazyLock<Result<Expression<'static, 'static>, Error>> =
        LazyLock::new(|| PLAIN.compile_expression_owned("left + right"));
    defined(left)?;
    defined(right)?;
    check([left, right])?;
    match &*SUM {
        Ok(sum) => sum.eval(context! { left, right }),
        Err(error) => Err(error.kind().into()),
    }
}

/// `a ~ b`.
fn concatenate(left: &Value, right: &Value) -> Result<Value, Error> {
    defined(left)?;
    defined(right)?;
    check([left, right])?;
    Ok(Value::from(format!("{left}{right}")))
}

/// Returns a value unless it is too large.
fn bounded(value: Value) -> Result<Value, Error> {
    check([&value])?;
    Ok(value)
}

/// Returns a value that refers to no namespace, so that one cannot be put into itself.
#[expect(clippy::needless_pass_by_value, reason = "arguments of a filter")]
fn copy(value: Value) -> Result<Value, Error> {
    check([&value])?;
    copied(&value)
}

fn copied(value: &Value) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Map => {
            let pair = |key: Value| Ok((key.clone(), copied(&value.get_item(&key)?)?));
            let Ok(keys) = value.try_iter() else {
                return Ok(value.clone());
            };
            let pairs = keys.map(pair).collect::<Result<Vec<_>, Error>>()?;
            Ok(Value::from_pairs(pairs))
        }
        ValueKind::Seq if !value.is_tuple() => {
            value.try_iter()?.map(|item| copied(&item)).collect()
        }
        _ => Ok(value.clone()),
    }
}

fn namespace(values: Option<ValueOrKwargs>) -> Result<Value, Error> {
    if let Some(values) = &values {
        check([&values.clone().into_value()])?;
    }
    functions::namespace(values)
}

#[expect(clippy::needless_pass_by_value, reason = "arguments of a filter")]
fn map(
    state: &mut State<'_, '_>,
    list: Value,
    arguments: Rest<ValueOrKwargs>,
) -> Result<Value, Error> {
    let (mut mapped, mut room) = (Vec::new(), Room::new());
    for element in list.try_iter()? {
        let one = Value::from(vec![element]);
        for element in filters::map(state, one, Rest(arguments.0.clone()))? {
            room.take(&element)?;
            mapped.push(element);
        }
    }
    Ok(Value::from(mapped))
}

fn defined(value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    Ok(())
}

pub(super) const ADD: &str = "__add";
pub(super) const BOUNDED: &str = "__bounded";
pub(super) const CONCATENATE: &str = "__concatenate";
pub(super) const COPY: &str = "__copy";
