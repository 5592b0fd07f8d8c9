//! The error of values that do not have the expected syntax.

use std::fmt;

use handset_net::excerpt::excerpt;

/// A value that cannot be used. The message quotes the value and says what to write instead.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidValue {
    /// The value does not have the expected syntax.
    #[error("invalid {what} {text:?}{}", Hint(hint))]
    Malformed {
        /// The kind of value.
        what: &'static str,
        /// The value, or the start of a long one.
        text: String,
        /// What to write instead; empty if there is nothing to say.
        hint: String,
    },
    /// The same name is used twice.
    #[error("duplicate {what} {name:?}")]
    Duplicate {
        /// The kind of name.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// The value is empty.
    #[error("the value is empty; {hint}")]
    Empty {
        /// What to write instead.
        hint: &'static str,
    },
    /// An element of a CSTA request has both text and child elements.
    #[error("element {element} cannot have both text and child elements")]
    MixedContent {
        /// The name of the element.
        element: String,
    },
    /// One of several values is invalid; its label says which.
    #[error("{label:?}: {error}")]
    Labelled {
        /// The label, as written.
        label: String,
        /// What is wrong with it.
        error: Box<Self>,
    },
    /// The value is too long, or has too many parts.
    #[error("too many {unit} ({count}); the limit is {max}")]
    TooMany {
        /// What is counted.
        unit: &'static str,
        /// The count of the value.
        count: usize,
        /// The limit.
        max: usize,
    },
}

impl InvalidValue {
    pub(crate) fn malformed(
        what: &'static str,
        text: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::Malformed {
            what,
            text: quoted(&text.into()),
            hint: hint.into(),
        }
    }

    /// Names the label of the value that is invalid.
    pub(crate) fn labelled(self, label: &str) -> Self {
        Self::Labelled {
            label: quoted(label),
            error: Box::new(self),
        }
    }

    /// Creates the error of a value that is none of `words`.
    pub(crate) fn word(what: &'static str, text: &str, words: &[&str]) -> Self {
        let hint = match words.split_last() {
            Some((last, rest)) if !rest.is_empty() => {
                format!("expected {} or {last}", rest.join(", "))
            }
            Some((only, _)) => format!("expected {only}"),
            None => String::new(),
        };
        Self::malformed(what, text, hint)
    }
}

/// Returns a value of a request as messages quote it.
pub(crate) fn quoted(text: &str) -> String {
    excerpt(text, MAX_QUOTED).into_owned()
}

/// How much of a value a message quotes, in bytes: enough to recognize it.
const MAX_QUOTED: usize = 100;

struct Hint<'a>(&'a str);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => Ok(()),
            hint => write!(f, "; {hint}"),
        }
    }
}
