//! The methods of texts. Positions and widths are in characters.

mod search;
mod split;

use std::borrow::Cow;

use minijinja::formatting::{FormatStyle, format};
use minijinja::value::from_args;
use minijinja::{Error, ErrorKind, Value};

use super::error::invalid;
use crate::rules::limits::{MAX_REPLACED, MAX_WIDTH};
use crate::rules::size::{Room, too_large};

/// Calls the method `name` of `text`.
pub(super) fn call(text: &str, name: &str, arguments: &[Value]) -> Result<Value, Error> {
    let none = || from_args::<()>(arguments);
    let value = match name {
        "capitalize" => {
            none()?;
            let mut chars = text.chars();
            let first = chars.next().into_iter().flat_map(char::to_uppercase);
            Value::from(
                first
                    .chain(chars.as_str().to_lowercase().chars())
                    .collect::<String>(),
            )
        }
        "casefold" | "lower" => {
            none()?;
            Value::from(text.to_lowercase())
        }
        "upper" => {
            none()?;
            Value::from(text.to_uppercase())
        }
        "swapcase" => {
            none()?;
            Value::from(text.chars().flat_map(swap).collect::<String>())
        }
        "title" => {
            none()?;
            Value::from(title(text))
        }
        "center" | "ljust" | "rjust" | "zfill" => pad(text, name, arguments)?,
        "format" => {
            check_widths(text)?;
            // A field may name the same value as another.
            let mut room = Room::shared(text.matches('{').count());
            arguments
                .iter()
                .try_for_each(|argument| room.take(argument))?;
            let formatted = format(FormatStyle::StrFormat, text, arguments)?;
            fits(formatted.len())?;
            Value::from(formatted)
        }
        "join" => join(text, arguments)?,
        "lstrip" | "rstrip" | "strip" => {
            let (characters,): (Option<Cow<'_, str>>,) = from_args(arguments)?;
            let is_stripped = |c: char| match &characters {
                Some(characters) => characters.contains(c),
                None => c.is_whitespace(),
            };
            Value::from(match name {
                "lstrip" => text.trim_start_matches(is_stripped),
                "rstrip" => text.trim_end_matches(is_stripped),
                _ => text.trim_matches(is_stripped),
            })
        }
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(arguments)?;
            Value::from(text.strip_prefix(prefix).unwrap_or(text))
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(arguments)?;
            Value::from(text.strip_suffix(suffix).unwrap_or(text))
        }
        "replace" => replace(text, arguments)?,
        "partition" | "rpartition" | "rsplit" | "split" | "splitlines" => {
            return split::call(text, name, arguments);
        }
        "count" | "endswith" | "find" | "index" | "rfind" | "rindex" | "startswith" => {
            return search::call(text, name, arguments);
        }
        _ => {
            let property = property(name).ok_or(ErrorKind::UnknownMethod)?;
            none()?;
            Value::from(property(text))
        }
    };
    Ok(value)
}

/// Returns the function that `isalnum` and the like stand for.
fn property(name: &str) -> Option<fn(&str) -> bool> {
    let property: fn(&str) -> bool = match name {
        "isalnum" => |text| all(text, char::is_alphanumeric),
        "isalpha" => |text| all(text, char::is_alphabetic),
        "isascii" => str::is_ascii,
        "isdecimal" | "isdigit" => |text| all(text, |c| c.is_ascii_digit()),
        "isnumeric" => |text| all(text, char::is_numeric),
        "isspace" => |text| all(text, char::is_whitespace),
        "islower" => {
            |text| text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase)
        }
        "isupper" => {
            |text| text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)
        }
        "istitle" => |text| text.chars().any(char::is_alphabetic) && title(text) == text,
        _ => return None,
    };
    Some(property)
}

/// Returns whether `text` has characters, all of which are `such`.
fn all(text: &str, such: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(such)
}

fn swap(c: char) -> Vec<char> {
    if c.is_uppercase() {
        c.to_lowercase().collect()
    } else {
        c.to_uppercase().collect()
    }
}

fn title(text: &str) -> String {
    let mut is_within_word = false;
    let mut result = String::with_capacity(text.len());
    for c in text.chars() {
        if is_within_word {
            result.extend(c.to_lowercase());
        } else {
            result.extend(c.to_uppercase());
        }
        is_within_word = c.is_alphabetic();
    }
    result
}

fn pad(text: &str, name: &str, arguments: &[Value]) -> Result<Value, Error> {
    let (width, fill): (usize, Option<Cow<'_, str>>) = if name == "zfill" {
        let (width,) = from_args(arguments)?;
        (width, Some(Cow::Borrowed("0")))
    } else {
        from_args(arguments)?
    };
    if width > MAX_WIDTH {
        return Err(too_large());
    }
    let fill = fill.unwrap_or(Cow::Borrowed(" "));
    if fill.chars().count() != 1 {
        return Err(invalid(format!("{name} fills with one character")));
    }
    let missing = width.saturating_sub(text.chars().count());
    let fill = |count: usize| fill.repeat(count);
    Ok(Value::from(match name {
        "ljust" => format!("{text}{}", fill(missing)),
        "center" => {
            let left = missing / 2;
            format!("{}{text}{}", fill(left), fill(missing.saturating_sub(left)))
        }
        "zfill" if text.starts_with(['+', '-']) => {
            let (sign, digits) = text.split_at(1);
            format!("{sign}{}{digits}", fill(missing))
        }
        _ => format!("{}{text}", fill(missing)),
    }))
}

fn join(separator: &str, arguments: &[Value]) -> Result<Value, Error> {
    let (list,): (Value,) = from_args(arguments)?;
    let mut joined = String::new();
    for (index, element) in list.try_iter()?.enumerate() {
        if index > 0 {
            joined.push_str(separator);
        }
        match element.as_str() {
            Some(text) => joined.push_str(text),
            None => joined.push_str(&element.to_string()),
        }
        fits(joined.len())?;
    }
    Ok(Value::from(joined))
}

fn replace(text: &str, arguments: &[Value]) -> Result<Value, Error> {
    let (from, to, count): (Cow<'_, str>, Cow<'_, str>, Option<i64>) = from_args(arguments)?;
    // A negative number means all.
    let count = count.and_then(|count| usize::try_from(count).ok());
    let count = count.unwrap_or(usize::MAX);
    let found = text.matches(&*from).take(count).count();
    fits(text.len().saturating_add(found.saturating_mul(to.len())))?;
    Ok(Value::from(text.replacen(&*from, &to, count)))
}

/// Refuses a format whose widths are too large, before anything is padded.
fn check_widths(format: &str) -> Result<(), Error> {
    let mut numbers = format.split(|c: char| !c.is_ascii_digit());
    // A field in a width takes it from an argument: `{:{}}`.
    let is_nested = format.split('{').any(|field| field.ends_with(':'));
    if is_nested || numbers.any(|digits| digits.len() > MAX_DIGITS) {
        return Err(too_large());
    }
    Ok(())
}

fn fits(length: usize) -> Result<(), Error> {
    if length > MAX_REPLACED {
        return Err(too_large());
    }
    Ok(())
}

/// Maximum of digits in a width.
const MAX_DIGITS: usize = 3;
