//! Redaction: removes passwords always, and message texts if the configuration says so.
//!
//! This is the last line of defence. Most texts are built from types that cannot show a secret; what
//! is scanned for here comes from outside: URLs and settings in requests, and the replies of phones.
//! Records hold [`Redacted`] texts only, so that none gets into the history by another way.

use std::borrow::Cow;

use handset_net::excerpt::excerpt;

/// A text without secrets, which only this module can create.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Redacted(String);

impl Redacted {
    /// Creates a text of the program itself.
    pub(super) fn fixed(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// Creates a text that was stored. It was redacted then; this version may know more secrets.
    pub(super) fn restored(text: String) -> Self {
        if text.contains(['=', '@']) {
            Self(without_secrets(&text))
        } else {
            Self(text)
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Redacted {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Redacts the values of keys, and cuts them. The last pair says how many are left out.
pub(super) fn keys(keys: &[(String, String)], keeps_texts: bool) -> Vec<(String, Redacted)> {
    let mut kept = Vec::new();
    let mut bytes = 0_usize;
    for (at, (key, value)) in keys.iter().enumerate() {
        let name = excerpt(key, MAX_KEY).into_owned();
        let value = self::value(key, value, keeps_texts);
        bytes = bytes
            .saturating_add(name.len())
            .saturating_add(value.0.len())
            .saturating_add(size_of::<(String, Redacted)>());
        if bytes > MAX_KEYS {
            let left_out = keys.len().saturating_sub(at);
            kept.push((
                LEFT_OUT_KEYS.to_owned(),
                Redacted(format!("{left_out} more values")),
            ));
            break;
        }
        kept.push((name, value));
    }
    kept
}

/// Removes passwords from `text` and, unless `keeps_texts`, the message texts of `keys`; cuts the rest.
pub(super) fn text(text: &str, keys: &[(String, String)], keeps_texts: bool) -> Redacted {
    // Searching takes the product of both lengths.
    if !keeps_texts && text.len() > MAX_SEARCHED {
        return Redacted(LEFT_OUT.to_owned());
    }
    let mut redacted = without_secrets(text);
    if !keeps_texts {
        for (key, value) in keys {
            if is_text(key) && value.len() >= MIN_TEXT && redacted.contains(value.as_str()) {
                redacted = redacted.replace(value.as_str(), LEFT_OUT);
            }
        }
    }
    Redacted(excerpt(&redacted, MAX_TEXT).into_owned())
}

/// Removes the message texts of keys that were kept with them; `None` if there are none.
pub(super) fn without_texts(kept: &[(String, Redacted)]) -> Option<Vec<(String, Redacted)>> {
    let has_text = |(key, value): &(String, Redacted)| is_text(key) && value.0 != LEFT_OUT;
    if !kept.iter().any(has_text) {
        return None;
    }
    let pairs = kept.iter().cloned().map(|pair| {
        if has_text(&pair) {
            (pair.0, Redacted::fixed(LEFT_OUT))
        } else {
            pair
        }
    });
    Some(pairs.collect())
}

/// Removes from a text that was kept the message texts of keys that were. What may contain a part of one
/// that cannot be found is left out.
pub(super) fn without_texts_of(kept: &Redacted, keys: &[(String, Redacted)]) -> Redacted {
    let is_cut = |(key, value): &(String, Redacted)| {
        key == LEFT_OUT_KEYS || is_text(key) && value.0.len() > MAX_VALUE
    };
    if kept.0.is_empty() {
        return Redacted::default();
    }
    if kept.0.len() > MAX_TEXT || keys.iter().any(is_cut) {
        return Redacted::fixed(LEFT_OUT);
    }
    let pairs: Vec<_> = keys
        .iter()
        .map(|(key, value)| (key.clone(), value.0.clone()))
        .collect();
    text(&kept.0, &pairs, false)
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
        return Redacted(format!("{}={REDACTED}", excerpt(name, MAX_KEY)));
    }
    Redacted(excerpt(&without_secrets(value), MAX_VALUE).into_owned())
}

/// Returns whether the value of a key is, or contains, a password.
pub(crate) fn has_secret(key: &str, value: &str) -> bool {
    let sets_secret = || {
        let setting = value.split_once('=');
        key == "set" && setting.is_some_and(|(name, _)| is_secret(name))
    };
    is_secret(key) || sets_secret() || without_secrets(value) != value
}

/// Returns `text` without the credentials before the `@` of URLs and without the values of
/// parameters that are named like passwords.
pub(crate) fn without_secrets(text: &str) -> String {
    // Most texts have neither.
    let text = if text.contains('@') {
        Cow::Owned(without_credentials(text))
    } else {
        Cow::Borrowed(text)
    };
    if text.contains('=') {
        without_parameters(&text)
    } else {
        text.into_owned()
    }
}

/// Redacts what is before the `@` of URLs.
fn without_credentials(text: &str) -> String {
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
    redacted
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

const AUTHORITY_ENDS: [char; 7] = ['/', '?', '#', ' ', '"', '<', '\n'];
const SEPARATORS: [char; 7] = ['&', '?', ' ', ';', '\n', '"', '<'];

/// Parts of names that mark a password.
const SECRET_WORDS: [&str; 7] = [
    "passwd", "password", "pass", "pwd", "secret", "token", "_pin",
];

/// The keys, over all verbs and web hooks, that hold text that people read.
const TEXT_KEYS: [&str; 11] = [
    "body", "digits", "entry", "input", "item", "json", "prompt", "softkey", "text", "title", "xml",
];

/// The name of the pair that says how many are left out.
const LEFT_OUT_KEYS: &str = "…";

const LEFT_OUT: &str = "[left out]";
const REDACTED: &str = "[redacted]";

/// Minimum bytes of a text that is searched for: shorter ones occur by accident.
const MIN_TEXT: usize = 3;

/// How much is kept of the name of a key, in bytes; those of verbs are shorter.
const MAX_KEY: usize = 256;

/// How much is kept of a value, in bytes: more than a phone shows of a text.
const MAX_VALUE: usize = 16 * 1024;

/// How much is kept of all keys and values of a request, in bytes.
const MAX_KEYS: usize = 64 * 1024;

/// How much is kept of a reason, and of each part of a step, in bytes.
const MAX_TEXT: usize = 2000;

/// The longest reason or part of a step in which message texts are searched for, in bytes. None is
/// as long; of a longer one nothing is kept.
const MAX_SEARCHED: usize = 16 * 1024;

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
    fn long_values_are_cut() {
        let kept = value("text", &"ä".repeat(MAX_VALUE), true);
        assert!(kept.0.len() < MAX_VALUE + 32 && kept.0.ends_with("ä… (32,768 bytes)"));
        let kept = text(&"ä".repeat(MAX_TEXT), &[], true);
        assert!(kept.0.len() < MAX_TEXT + 32 && kept.0.ends_with("ä… (4,000 bytes)"));
        // A password is not cut in the middle.
        let url = format!(
            "{}http://u:{}@h/",
            " ".repeat(MAX_VALUE - 20),
            "p".repeat(100)
        );
        assert!(!value("url", &url, true).0.contains("pp"));
    }

    #[test]
    fn long_lists_are_cut_and_say_so() {
        let pair = |at: usize| ("item".to_owned(), format!("{at} {}", "x".repeat(1000)));
        let many: Vec<_> = (0..10_000).map(pair).collect();
        let kept = keys(&many, true);
        let (name, note) = kept.last().unwrap();
        assert_eq!(name, "…");
        assert_eq!(note.0, format!("{} more values", 10_000 - (kept.len() - 1)));
        assert!(
            kept.iter()
                .map(|(key, value)| key.len() + value.0.len())
                .sum::<usize>()
                < MAX_KEYS
        );
        assert_eq!(keys(&many[..10], true).len(), 10);
    }

    #[test]
    fn texts_are_left_out_of_long_reasons_as_well() {
        let secret = "Confidential";
        let keys = [("text".to_owned(), secret.to_owned())];
        for padding in [0, 1990, MAX_TEXT, MAX_SEARCHED, 1_000_000] {
            let kept = text(&format!("{}{secret}", "x".repeat(padding)), &keys, false);
            assert!(!kept.0.contains("Conf"), "{padding}");
        }
    }
}
