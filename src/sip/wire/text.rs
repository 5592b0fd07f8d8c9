//! Texts that fit into one line of a message.

use std::fmt;
use std::ops::Deref;

/// A word of letters, digits and ``-.!%*_+`'~`` (`token` of RFC 3261, section 25.1).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Token(Box<str>);

/// The value of a header field: text without line breaks or other control characters except TAB.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Value(Box<str>);

/// A text that cannot be written.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidText {
    /// Not a token.
    #[error("{0:?} is not a token; use letters, digits and any of -.!%*_+`'~")]
    Token(String),
    /// A control character in a value.
    #[error("{0:?} contains a control character")]
    Control(String),
}

impl Token {
    /// Checks that `text` is a token.
    pub fn new(text: &str) -> Result<Self, InvalidText> {
        if !text.is_empty() && text.bytes().all(is_token_byte) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidText::Token(text.to_owned()))
        }
    }
}

impl Token {
    /// Writes the letters and digits of `text` in upper case.
    pub(crate) fn lossy_upper(text: &str) -> Self {
        let text: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        Self(text.to_ascii_uppercase().into())
    }
}

impl Value {
    /// Checks that `text` fits into one line.
    pub fn new(text: &str) -> Result<Self, InvalidText> {
        if text.chars().any(is_forbidden) {
            return Err(InvalidText::Control(text.to_owned()));
        }
        Ok(Self(text.trim().into()))
    }

    /// Replaces the characters that do not fit by spaces.
    pub fn lossy(text: &str) -> Self {
        let replaced: String = text
            .chars()
            .map(|c| if is_forbidden(c) { ' ' } else { c })
            .collect();
        Self(replaced.trim().into())
    }
}

/// Returns whether `byte` may be in a token.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte)
}

/// Returns whether no line may contain `c`.
pub(super) fn is_forbidden(c: char) -> bool {
    c.is_control() && c != '\t'
}

impl Deref for Token {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Deref for Value {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
