//! Methods that search a text, from a position and up to another.

use minijinja::value::{ValueKind, from_args};
use minijinja::{Error, Value};

use super::super::error::invalid;

/// Calls the method `name` of `text`.
pub(super) fn call(text: &str, name: &str, arguments: &[Value]) -> Result<Value, Error> {
    let (wanted, from, to): (Value, Option<i64>, Option<i64>) = from_args(arguments)?;
    let Some((part, skipped)) = part(text, from, to) else {
        return absent(name, &wanted);
    };
    if matches!(name, "endswith" | "startswith") {
        let matches = |wanted: &Value| {
            let wanted = expected_text(wanted)?;
            Ok::<_, Error>(match name {
                "endswith" => part.ends_with(wanted),
                _ => part.starts_with(wanted),
            })
        };
        if matches!(wanted.kind(), ValueKind::Seq | ValueKind::Iterable) {
            for wanted in wanted.try_iter()? {
                if matches(&wanted)? {
                    return Ok(Value::from(true));
                }
            }
            return Ok(Value::from(false));
        }
        return matches(&wanted).map(Value::from);
    }
    let wanted_text = expected_text(&wanted)?;
    let found = match name {
        "count" => return Ok(Value::from(part.matches(wanted_text).count())),
        "find" | "index" => part.find(wanted_text),
        _ => part.rfind(wanted_text),
    };
    let Some((before, _)) = found.and_then(|at| part.split_at_checked(at)) else {
        return absent(name, &wanted);
    };
    Ok(Value::from(skipped.saturating_add(before.chars().count())))
}

/// Returns the result of `name` where nothing is found.
fn absent(name: &str, wanted: &Value) -> Result<Value, Error> {
    match name {
        "count" => Ok(Value::from(0)),
        "endswith" | "startswith" => Ok(Value::from(false)),
        "find" | "rfind" => Ok(Value::from(-1)),
        _ => Err(invalid(format!("{wanted} is not in the text"))),
    }
}

fn expected_text(value: &Value) -> Result<&str, Error> {
    let text = value.as_str();
    text.ok_or_else(|| invalid(format!("{value} is not a text; put it in quotes")))
}

/// Returns the characters from one position up to another, and how many precede them; a negative position
/// counts from the end. `None` if the first is behind the text.
fn part(text: &str, from: Option<i64>, to: Option<i64>) -> Option<(&str, usize)> {
    if (from, to) == (None, None) {
        return Some((text, 0));
    }
    let length = text.chars().count();
    let position = |position: i64| {
        let distance = usize::try_from(position.unsigned_abs()).unwrap_or(usize::MAX);
        if position < 0 {
            length.saturating_sub(distance)
        } else {
            distance
        }
    };
    let from = from.map_or(0, position);
    let to = to.map_or(length, position).min(length);
    if from > length || from > to {
        return None;
    }
    let offset = |position: usize| {
        let offset = text.char_indices().nth(position);
        offset.map_or(text.len(), |(offset, _)| offset)
    };
    Some((text.get(offset(from)..offset(to))?, from))
}
