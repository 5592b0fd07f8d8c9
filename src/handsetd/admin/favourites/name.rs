//! The name of a favourite.

/// A name of one line, which looks like what it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::admin) struct Name(String);

/// Why a text is not a name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(in crate::admin) enum Error {
    #[error("give the favourite a name")]
    Empty,
    #[error("a name has at most {MAX_LENGTH} characters; this one has {0}")]
    TooLong(usize),
    #[error("a name has no {0:?}; write it in one line, without control characters")]
    Character(char),
}

impl Name {
    /// Parses a name; spaces around it are dropped.
    pub(in crate::admin) fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::Empty);
        }
        let length = text.chars().count();
        if MAX_LENGTH < length {
            return Err(Error::TooLong(length));
        }
        match text.chars().find(|letter| is_hidden(*letter)) {
            Some(letter) => Err(Error::Character(letter)),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// Returns whether `other` is the same name, in any case.
    pub(super) fn is(&self, other: &str) -> bool {
        self.0.to_lowercase() == other.to_lowercase()
    }
}

impl From<Name> for String {
    fn from(Name(name): Name) -> Self {
        name
    }
}

/// Returns whether a character is not seen, or changes how others are seen: two names that look the same
/// would not be.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

/// Maximum length in characters; what fits on a line.
pub(in crate::admin) const MAX_LENGTH: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_lines_without_hidden_characters() {
        let parse = |text: &str| Name::parse(text).map(String::from);
        assert_eq!(
            parse(" Lunch <b> ../../etc \u{1f372} ").as_deref(),
            Ok("Lunch <b> ../../etc \u{1f372}")
        );
        assert_eq!(parse(" \t"), Err(Error::Empty));
        assert_eq!(
            parse(&"ü".repeat(MAX_LENGTH)).map(|name| name.len()),
            Ok(2 * MAX_LENGTH)
        );
        assert_eq!(parse(&"x".repeat(10_000)), Err(Error::TooLong(10_000)));
        for hidden in [
            '\n', '\0', '\u{1b}', '\u{7f}', '\u{202e}', '\u{200b}', '\u{2066}',
        ] {
            assert_eq!(parse(&format!("a{hidden}b")), Err(Error::Character(hidden)));
        }
    }

    #[test]
    fn case_does_not_distinguish_names() {
        let name = Name::parse("Überfall").unwrap();
        assert!(name.is("überFALL") && !name.is("überfal"));
    }
}
