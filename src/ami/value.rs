//! Header names and values that cannot break a packet.

use std::fmt;

/// A header name: not empty, without colon, line break, NUL, or surrounding white space.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct HeaderName(String);

impl HeaderName {
    /// Validates `name`.
    pub(crate) fn parse(name: &str) -> Result<Self, InvalidText> {
        let invalid = |problem| InvalidText {
            what: shortened(name),
            problem,
        };
        if name.is_empty() {
            return Err(invalid("is empty"));
        }
        if name.trim() != name {
            return Err(invalid("starts or ends with white space"));
        }
        if name.contains([':', '\r', '\n', '\0']) {
            return Err(invalid("contains a colon, a line break or NUL"));
        }
        Ok(Self(name.to_owned()))
    }

    /// Returns the name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A header value: any text without line break and NUL.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct HeaderValue(String);

impl HeaderValue {
    /// Validates `value`.
    pub(crate) fn parse(value: impl Into<String>) -> Result<Self, InvalidText> {
        let value = value.into();
        if value.contains(['\r', '\n', '\0']) {
            let problem = "contains a line break or NUL";
            return Err(InvalidText {
                what: shortened(&value),
                problem,
            });
        }
        Ok(Self(value))
    }

    /// Returns the value.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text is invalid in a header.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{what:?} {problem}")]
pub struct InvalidText {
    what: String,
    problem: &'static str,
}

impl InvalidText {
    /// Returns the error without the text, which is a secret.
    pub(crate) fn redacted(self) -> Self {
        let what = "[redacted]".to_owned();
        Self { what, ..self }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// Maximum length of the rejected text in the error, in characters.
const SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_and_nul_are_rejected() {
        for breaker in ['\r', '\n', '\0'] {
            assert!(HeaderName::parse(&format!("A{breaker}B")).is_err());
            assert!(HeaderValue::parse(format!("a{breaker}Action: Command")).is_err());
        }
    }

    #[test]
    fn names_that_asterisk_would_misread_are_rejected() {
        for name in ["", " Action", "Action ", "A:B"] {
            assert!(HeaderName::parse(name).is_err(), "{name:?}");
        }
        assert!(HeaderName::parse("Named Callgroup_1").is_ok());
    }

    #[test]
    fn error_contains_the_rejected_text() {
        let error = HeaderValue::parse("x\ny").unwrap_err();
        assert_eq!(error.to_string(), r#""x\ny" contains a line break or NUL"#);
    }
}
