//! What is left out of the history: passwords always, texts if the configuration says so.

use std::borrow::Cow;

/// Returns keys and values as they may be kept.
pub(super) fn keys(keys: &[(String, String)], texts: bool) -> Vec<(String, String)> {
    keys.iter()
        .map(|(key, value)| (key.clone(), self::value(key, value, texts)))
        .collect()
}

/// Returns `text` without any of the texts that the history leaves out.
pub(super) fn told(text: &str, keys: &[(String, String)], texts: bool) -> String {
    let mut told = without_secrets(text);
    if !texts {
        let hidden = keys.iter().filter(|(key, _)| is_text(key));
        for (_, value) in hidden.filter(|(_, value)| value.len() >= SHORT) {
            told = told.replace(value.as_str(), LEFT_OUT);
        }
    }
    shortened(&told, MAX_VALUE).into_owned()
}

fn value(key: &str, value: &str, texts: bool) -> String {
    if is_secret(key) {
        return REDACTED.to_owned();
    }
    if !texts && is_text(key) {
        return LEFT_OUT.to_owned();
    }
    if key == "set"
        && let Some((name, _)) = value.split_once('=')
        && is_secret(name)
    {
        return format!("{name}={REDACTED}");
    }
    shortened(&without_secrets(value), MAX_VALUE).into_owned()
}

/// Returns `text` without the passwords of the URLs in it: those before an `@`, and those that a
/// query names.
pub fn without_secrets(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at.saturating_add("://".len()));
        kept.push_str(before);
        let end = after.find(ENDS).unwrap_or(after.len());
        let (authority, left) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                kept.push_str(REDACTED);
                kept.push('@');
                kept.push_str(host);
            }
            None => kept.push_str(authority),
        }
        rest = left;
    }
    kept.push_str(rest);
    without_parameters(&kept)
}

/// Blanks the values of parameters such as `password=…`.
fn without_parameters(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for part in text.split_inclusive(SEPARATORS) {
        let whole = part.trim_end_matches(SEPARATORS);
        let (_, separator) = part.split_at(whole.len());
        match whole.split_once('=') {
            Some((name, value)) if !value.is_empty() && is_secret(name) => {
                kept.push_str(name);
                kept.push('=');
                kept.push_str(REDACTED);
            }
            _ => kept.push_str(whole),
        }
        kept.push_str(separator);
    }
    kept
}

/// Whether what goes by this name is a password.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "pin" || SECRETS.iter().any(|word| name.contains(word))
}

/// Whether a key holds what people read.
fn is_text(key: &str) -> bool {
    TEXTS.contains(&key)
}

fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((at, _)) => {
            let (kept, _) = text.split_at(at);
            Cow::Owned(format!("{kept}…"))
        }
        None => Cow::Borrowed(text),
    }
}

const ENDS: [char; 7] = ['/', '?', '#', ' ', '"', '<', '\n'];
const SEPARATORS: [char; 7] = ['&', '?', ' ', ';', '\n', '"', '<'];

/// What the names of passwords contain.
const SECRETS: [&str; 7] = [
    "passwd", "password", "pass", "pwd", "secret", "token", "_pin",
];

/// The keys of all verbs that hold what people read.
const TEXTS: [&str; 10] = [
    "body", "entry", "input", "item", "prompt", "softkey", "text", "title", "xml", "digits",
];

const LEFT_OUT: &str = "[left out]";
const REDACTED: &str = "[redacted]";

/// Texts of fewer bytes say nothing, and would be found everywhere.
const SHORT: usize = 3;

/// The most characters of a value that are kept.
const MAX_VALUE: usize = 2000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_left_out_wherever_they_stand() {
        for (text, kept) in [
            ("http://u:p@h/x.wav", "http://[redacted]@h/x.wav"),
            ("http://u:p@h", "http://[redacted]@h"),
            (
                "see http://h/a?user=u&password=hush&b=1 and ftp://x:y@z",
                "see http://h/a?user=u&password=[redacted]&b=1 and ftp://[redacted]@z",
            ),
            ("http://h/a@b", "http://h/a@b"),
            ("no address at all", "no address at all"),
        ] {
            assert_eq!(without_secrets(text), kept);
        }
        assert_eq!(
            value("set", "user_pass1=hush", true),
            "user_pass1=[redacted]"
        );
        assert_eq!(value("set", "ringer=3", true), "ringer=3");
        assert_eq!(value("password", "hush", true), "[redacted]");
    }

    #[test]
    fn texts_are_kept_only_if_they_may_be() {
        assert_eq!(value("text", "Hello", true), "Hello");
        assert_eq!(value("text", "Hello", false), "[left out]");
        assert_eq!(value("phone", "1001", false), "1001");
        let keys = [("text".to_owned(), "Hello".to_owned())];
        assert_eq!(told("no: Hello!", &keys, false), "no: [left out]!");
        assert_eq!(told("no: Hello!", &keys, true), "no: Hello!");
    }

    #[test]
    fn long_values_are_cut_at_a_character() {
        let cut = value("text", &"ä".repeat(5000), true);
        assert_eq!(cut.chars().count(), MAX_VALUE + 1);
    }
}
