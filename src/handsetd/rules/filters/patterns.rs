//! `regex_search`, and checks of literal patterns and formats.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use minijinja::value::{StringInput, Value};
use minijinja::{Error, ErrorKind};
use parking_lot::Mutex;
use regex::{Regex, RegexBuilder};

/// Returns the first match of `pattern` in a text, or false.
#[expect(clippy::needless_pass_by_value, reason = "arguments of a filter")]
pub(super) fn regex_search(
    text: StringInput<'_>,
    pattern: StringInput<'_>,
) -> Result<Value, Error> {
    let regex = compiled(pattern.as_str())
        .map_err(|reason| Error::new(ErrorKind::InvalidOperation, reason))?;
    let found = regex.find(text.as_str());
    Ok(found.map_or_else(|| Value::from(false), |found| Value::from(found.as_str())))
}

/// Checks a pattern of `regex_search`.
pub(in crate::rules) fn check_pattern(pattern: &str) -> Result<(), String> {
    compiled(pattern).map(drop)
}

/// Returns a compiled pattern. Those of rules are few, and are compiled once.
fn compiled(pattern: &str) -> Result<Regex, String> {
    static COMPILED: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);
    if let Some(regex) = COMPILED.lock().get(pattern) {
        return Ok(regex.clone());
    }
    if pattern.len() > MAX_PATTERN {
        let length = pattern.len();
        return Err(format!(
            "a pattern of {length} bytes exceeds the limit of {MAX_PATTERN}"
        ));
    }
    let regex = RegexBuilder::new(pattern)
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(MAX_COMPILED)
        .nest_limit(MAX_NESTING)
        .build()
        .map_err(|error| invalid(pattern, &error))?;
    let mut compiled = COMPILED.lock();
    if compiled.len() >= MAX_CACHED {
        compiled.clear();
    }
    compiled.insert(pattern.to_owned(), regex.clone());
    Ok(regex)
}

/// Explains an error of the `regex` crate in one line; its own text has several.
fn invalid(pattern: &str, error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    let reason = last.strip_prefix("error: ").unwrap_or(last);
    format!("invalid pattern {pattern:?}: {reason}")
}

/// Checks a format of `now.strftime`.
pub(in crate::rules) fn check_strftime(format: &str) -> Result<(), String> {
    let mut numbers = format.split(|c: char| !c.is_ascii_digit());
    if format.len() > MAX_FORMAT || numbers.any(|digits| digits.len() > MAX_DIGITS) {
        return Err("the format of strftime is too long".to_owned());
    }
    let sample = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let formatted = strtime::format(format, &sample);
    formatted.map(drop).map_err(|error| {
        format!("invalid format {format:?} of strftime: {error}; use one such as \"%H:%M\"")
    })
}

/// The longest pattern, in bytes.
const MAX_PATTERN: usize = 1024;

/// How much memory a compiled pattern may take, in bytes; `\d{4}-\d{2}` takes 4 KiB.
const MAX_COMPILED: usize = 256 * 1024;

/// How deep groups may nest.
const MAX_NESTING: u32 = 32;

/// How many compiled patterns are kept; a pattern may come from an event.
const MAX_CACHED: usize = 128;

/// The longest format of a time, in bytes.
const MAX_FORMAT: usize = 256;

/// Maximum of digits in a width.
const MAX_DIGITS: usize = 2;
