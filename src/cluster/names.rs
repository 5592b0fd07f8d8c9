//! Names: of daemons, of the common prefix of all subjects, and of keys.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

/// The name of a daemon: unique in the cluster.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DaemonName(String);

/// The first token of all subjects, and the start of the names of all streams and buckets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Prefix(String);

/// A text that is not a name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{text:?} is not {what}; write 1 to {MAX_NAME} letters of a to z, digits, {others}")]
pub struct InvalidName {
    text: String,
    what: &'static str,
    others: &'static str,
}

impl DaemonName {
    /// Returns the name unchanged.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Prefix {
    /// Returns the prefix unchanged.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DaemonName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        if is_name(text, b"-_.") {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidName {
            text: excerpt(text),
            what: "a name of a daemon",
            others: "hyphens, underscores and dots",
        })
    }
}

impl FromStr for Prefix {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        if is_name(text, b"-_") {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidName {
            text: excerpt(text),
            what: "a prefix of subjects",
            others: "hyphens and underscores",
        })
    }
}

impl fmt::Display for DaemonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Self("handsetd".to_owned())
    }
}

impl<'de> Deserialize<'de> for DaemonName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Prefix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// Encodes any text as one token of a subject, which is also valid in a bucket key: letters, digits, `-` and
/// `_` are unchanged, every other byte becomes `=` and two hexadecimal digits, and the empty text becomes
/// `=`.
pub(crate) fn token(text: &str) -> String {
    if text.is_empty() {
        return "=".to_owned();
    }
    let mut token = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_plain(byte) {
            token.push(char::from(byte));
        } else {
            token.push('=');
            token.push_str(&hex::encode_upper([byte]));
        }
    }
    token
}

/// Decodes the output of [`token`]; anything else is `None`.
pub(crate) fn from_token(token: &str) -> Option<String> {
    if token == "=" {
        return Some(String::new());
    }
    let mut bytes = Vec::with_capacity(token.len());
    let mut rest = token.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'=' {
            let digits = [rest.next()?, rest.next()?];
            let mut one = [0_u8];
            hex::decode_to_slice(digits, &mut one).ok()?;
            bytes.extend(one);
        } else if is_plain(byte) {
            bytes.push(byte);
        } else {
            return None;
        }
    }
    if bytes.is_empty() {
        return None;
    }
    let text = String::from_utf8(bytes).ok()?;
    // Each text has exactly one token: two spellings would be two entries of one key.
    (self::token(&text) == token).then_some(text)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn is_name(text: &str, others: &[u8]) -> bool {
    (1..=MAX_NAME).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
}

/// How much of a rejected text a message repeats.
fn excerpt(text: &str) -> String {
    text.chars().take(MAX_NAME).collect()
}

/// Maximum length, that of a host name label.
const MAX_NAME: usize = 63;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_tokens_or_refused_with_what_to_write() {
        assert_eq!(
            "site-a.example".parse::<DaemonName>().unwrap().as_str(),
            "site-a.example"
        );
        for text in ["", "a b", "a*", "a>", "ä", "a\r\nPUB x 0", &"a".repeat(64)] {
            let error = text.parse::<DaemonName>().unwrap_err().to_string();
            assert!(error.contains("write 1 to 63 letters"), "{error}");
        }
        for text in ["", "a.b", "a b", "$JS"] {
            assert!(text.parse::<Prefix>().is_err(), "{text}");
        }
    }

    #[test]
    fn token_has_one_spelling() {
        assert_eq!(token("site/1001"), "site=2F1001");
        assert_eq!(from_token("site=2F1001").unwrap(), "site/1001");
        for wrong in ["", "=2", "=2f", "a.b", "=41", "a*", "=FF", "=="] {
            assert_eq!(from_token(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_survives_as_a_token(text in ".{0,40}") {
            let token = token(&text);
            prop_assert!(!token.is_empty() && token.bytes().all(|byte| is_plain(byte) || byte == b'='));
            prop_assert_eq!(from_token(&token), Some(text));
        }
    }
}
