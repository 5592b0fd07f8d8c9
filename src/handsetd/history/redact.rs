//! Redaction: removes passwords always, and message texts if the configuration says so.
//!
//! This is the last line of defence. Most texts are built from types that cannot show a secret; what
//! is scanned for here comes from outside: URLs and settings in requests, and the replies of phones.
//! Records hold [`Redacted`] texts only, so that none gets into the history by another way.

use std::borrow::Cow;

/// A text without secrets, which only this module can create.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Redacted(String);

impl Redacted {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Redacted {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Redacts the values of keys.
pub(super) fn keys(keys: &[(String, String)], keeps_texts: bool) -> Vec<(String, Redacted)> {
    keys.iter()
        .map(|(key, value)| (key.clone(), self::value(key, value, keeps_texts)))
        .collect()
}

/// Removes passwords from `text` and, unless `keeps_texts`, the message texts of `keys`.
pub(super) fn text(text: &str, keys: &[(String, String)], keeps_texts: bool) -> Redacted {
    let mut redacted = without_secrets(text);
    if !keeps_texts {
        for (key, value) in keys {
            if is_text(key) && value.len() >= MIN_TEXT {
                redacted = redacted.replace(value.as_str(), LEFT_OUT);
            }
        }
    }
    Redacted(truncated(&redacted, MAX_VALUE).into_owned())
}

fn value(key: &str, value: &str, keeps_texts: bool) -> Redacted {
    if is_secret(key) {
        return Redacted(REDACTED.to_owned());
    }
    if !keeps_texts && is_text(key) {
        return Redacted(LEFT_OUT.to_owned());
    }
    if key == "set"
        && let Some((name, _)) = value.split_once('=')
        && is_secret(name)
    {
        return Redacted(format!("{name}={REDACTED}"));
    }
    Redacted(truncated(&without_secrets(value), MAX_VALUE).into_owned())
}

/// Returns `text` without the credentials before the `@` of URLs and without the values of
/// parameters that are named like passwords.
pub(crate) fn without_secrets(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(scheme_end) = rest.find("://") {
        let (before, after) = rest.split_at(scheme_end.saturating_add("://".len()));
        redacted.push_str(before);
        let authority_end = after.find(AUTHORITY_ENDS).unwrap_or(after.len());
        let (authority, remainder) = after.split_at(authority_end);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                redacted.push_str(REDACTED);
                redacted.push('@');
                redacted.push_str(host);
            }
            None => redacted.push_str(authority),
        }
        rest = remainder;
    }
    redacted.push_str(rest);
    without_parameters(&redacted)
}

/// Redacts the values of parameters such as `password=…`.
fn without_parameters(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    for part in text.split_inclusive(SEPARATORS) {
        let parameter = part.trim_end_matches(SEPARATORS);
        let (_, separator) = part.split_at(parameter.len());
        match parameter.split_once('=') {
            Some((name, value)) if !value.is_empty() && is_secret(name) => {
                redacted.push_str(name);
                redacted.push('=');
                redacted.push_str(REDACTED);
            }
            _ => redacted.push_str(parameter),
        }
        redacted.push_str(separator);
    }
    redacted
}

/// Whether a parameter of this name holds a password.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "pin" || SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// Whether a key holds text that people read.
fn is_text(key: &str) -> bool {
    TEXT_KEYS.contains(&key)
}

/// Cuts `text` after `limit` characters.
fn truncated(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        Some((index, _)) => {
            let (start, _) = text.split_at(index);
            Cow::Owned(format!("{start}…"))
        }
        None => Cow::Borrowed(text),
    }
}

const AUTHORITY_ENDS: [char; 7] = ['/', '?', '#', ' ', '"', '<', '\n'];
const SEPARATORS: [char; 7] = ['&', '?', ' ', ';', '\n', '"', '<'];

/// Parts of names that mark a password.
const SECRET_WORDS: [&str; 7] = [
    "passwd", "password", "pass", "pwd", "secret", "token", "_pin",
];

/// The keys, over all verbs, that hold text that people read.
const TEXT_KEYS: [&str; 10] = [
    "body", "entry", "input", "item", "prompt", "softkey", "text", "title", "xml", "digits",
];

const LEFT_OUT: &str = "[left out]";
const REDACTED: &str = "[redacted]";

/// Minimum bytes of a text that is searched for: shorter ones occur by accident.
const MIN_TEXT: usize = 3;

/// Maximum characters kept of a value.
const MAX_VALUE: usize = 2000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_redacted_in_urls_parameters_and_settings() {
        for (text, redacted) in [
            ("http://u:p@h/x.wav", "http://[redacted]@h/x.wav"),
            ("http://u:p@h", "http://[redacted]@h"),
            (
                "see http://h/a?user=u&password=hush&b=1 and ftp://x:y@z",
                "see http://h/a?user=u&password=[redacted]&b=1 and ftp://[redacted]@z",
            ),
            ("http://h/a@b", "http://h/a@b"),
            ("no URL at all", "no URL at all"),
        ] {
            assert_eq!(without_secrets(text), redacted);
        }
        let value = |key, text| value(key, text, true).0;
        assert_eq!(value("set", "user_pass1=hush"), "user_pass1=[redacted]");
        assert_eq!(value("set", "ringer=3"), "ringer=3");
        assert_eq!(value("password", "hush"), "[redacted]");
    }

    #[test]
    fn texts_are_kept_only_if_the_configuration_allows_it() {
        assert_eq!(value("text", "Hello", true).0, "Hello");
        assert_eq!(value("text", "Hello", false).0, "[left out]");
        assert_eq!(value("phone", "1001", false).0, "1001");
        let keys = [("text".to_owned(), "Hello".to_owned())];
        assert_eq!(text("no: Hello!", &keys, false).0, "no: [left out]!");
        assert_eq!(text("no: Hello!", &keys, true).0, "no: Hello!");
    }

    #[test]
    fn long_values_are_truncated_at_a_character() {
        let truncated = value("text", &"ä".repeat(5000), true);
        assert_eq!(truncated.0.chars().count(), MAX_VALUE + 1);
    }
}
