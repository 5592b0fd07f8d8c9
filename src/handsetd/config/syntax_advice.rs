//! What to write instead of a line that is not TOML, for the commonest mistakes.

use super::secret_line::may_be_secret;

/// Returns what to write instead of line `number` of `text`, counted from 1.
pub(super) fn advice(text: &str, number: usize, message: &str) -> Option<String> {
    let line = text.lines().nth(number.checked_sub(1)?)?;
    if message.starts_with("duplicate key") {
        return duplicate(text, number, line);
    }
    let (key, value) = assignment(line)?;
    let value = value.trim();
    if value.starts_with(['\u{201c}', '\u{201d}', '\u{201e}']) {
        return Some("use straight quotes: \"...\"".to_owned());
    }
    if value.eq_ignore_ascii_case("yes") || value.eq_ignore_ascii_case("no") {
        let boolean = value.eq_ignore_ascii_case("yes");
        return Some(format!("write true or false: {key} = {boolean}"));
    }
    let is_unquoted = value.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | ':'))
        && !value.contains('"')
        && !value.is_empty();
    is_unquoted.then(|| {
        // What is shown may be a secret.
        let is_long = value.len() > MAX_VALUE;
        let shown = if may_be_secret(line) || is_long {
            "..."
        } else {
            value
        };
        format!("texts stand in quotes: {key} = \"{shown}\"")
    })
}

/// Explains a section or a key that is there already.
fn duplicate(text: &str, number: usize, line: &str) -> Option<String> {
    let before: Vec<&str> = text.lines().take(number.checked_sub(1)?).collect();
    if let Some(section) = section(line) {
        let first = before
            .iter()
            .position(|other| self::section(other) == Some(section))?;
        let first = first.saturating_add(1);
        return Some(format!(
            "[{section}] is at line {first} already; put the keys there"
        ));
    }
    let (key, _) = assignment(line)?;
    let in_section = before
        .iter()
        .enumerate()
        .rev()
        .take_while(|(_, other)| !other.trim_start().starts_with('['));
    let same =
        in_section.filter(|(_, other)| assignment(other).is_some_and(|(other, _)| other == key));
    let (first, _) = same.last()?;
    let first = first.saturating_add(1);
    Some(format!("{key} is at line {first} already; keep one"))
}

/// Returns the name of the section that a line begins.
fn section(line: &str) -> Option<&str> {
    let (name, rest) = line.trim().strip_prefix('[')?.split_once(']')?;
    let rest = rest.trim();
    let is_single = !name.starts_with('[') && (rest.is_empty() || rest.starts_with('#'));
    is_single.then(|| name.trim())
}

/// Returns key and value of a line.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim();
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let value = value.split(" #").next().unwrap_or(value);
    (!key.is_empty() && key.chars().all(is_bare)).then_some((key, value))
}

/// The longest value that is repeated, in bytes.
const MAX_VALUE: usize = 100;
