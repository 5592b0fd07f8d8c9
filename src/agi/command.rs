//! Commands, quoted such that Asterisk parses exactly the given arguments.
//!
//! AGI commands are not enumerated: any words make a command. The most common ones have constructors.

use std::fmt;

use memchr::{memchr2, memchr2_iter, memchr3};

use super::error::Error;

/// A command. It is always exactly one line that fits into Asterisk's buffer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Command {
    line: String,
}

impl Command {
    /// Builds a command from its words (`SET VARIABLE`) and its arguments.
    ///
    /// # Errors
    ///
    /// Fails if the words are not letters, digits and `_` separated by single spaces, if an argument
    /// contains CR, LF or NUL, or if the line is longer than Asterisk reads.
    ///
    /// ```
    /// # use handset_agi::Command;
    /// let command = Command::new("SET VARIABLE", &["NAME", r#"say "hi""#])?;
    /// assert_eq!(command.line(), r#"SET VARIABLE "NAME" "say \"hi\"""#);
    /// # Ok::<(), handset_agi::Error>(())
    /// ```
    pub fn new(words: &str, arguments: &[&str]) -> Result<Self, Error> {
        if !words.split(' ').all(is_word) {
            return Err(Error::InvalidWords {
                words: words.escape_default().take(80).collect(),
            });
        }
        let mut line = String::with_capacity(length(words, arguments));
        line.push_str(words);
        for argument in arguments {
            if let Some(character) = line_end(argument) {
                let command = words.to_owned();
                return Err(Error::ForbiddenCharacter { command, character });
            }
            line.push_str(" \"");
            push_escaped(&mut line, argument);
            line.push('"');
        }
        let count = words.split(' ').count().saturating_add(arguments.len());
        if MAX_WORDS < count {
            let command = words.to_owned();
            return Err(Error::TooManyWords {
                command,
                words: count,
                limit: MAX_WORDS,
            });
        }
        if MAX_LINE < line.len() {
            let (command, length) = (words.to_owned(), line.len());
            return Err(Error::CommandTooLong {
                command,
                length,
                limit: MAX_LINE,
            });
        }
        Ok(Self { line })
    }

    /// Builds a command with the arguments `before`, `text` and `after`, of which `text` always fits:
    /// control characters (CR, LF, NUL, TAB and others) become spaces, and it is truncated between two
    /// characters to the length that the line has left.
    ///
    /// For text of foreign origin that is better truncated than lost.
    ///
    /// # Errors
    ///
    /// Fails as [`new`](Self::new) does for words and the other arguments.
    pub fn truncated(
        words: &str,
        before: &[&str],
        text: &str,
        after: &[&str],
    ) -> Result<Self, Error> {
        let mut room = Self::room(words, &[before, &[""], after].concat());
        let truncated: String = text
            .chars()
            .map(|character| {
                if character.is_control() {
                    ' '
                } else {
                    character
                }
            })
            .take_while(|&character| {
                let length = character
                    .len_utf8()
                    .saturating_add(usize::from(needs_escape(character)));
                let fits = length <= room;
                room = room.saturating_sub(length);
                fits
            })
            .collect();
        Self::new(words, &[before, &[&truncated], after].concat())
    }

    /// Returns whether a command of these words and arguments is short enough for Asterisk.
    pub fn fits(words: &str, arguments: &[&str]) -> bool {
        length(words, arguments) <= MAX_LINE
    }

    /// Returns how many bytes of text, as [`quoted_length`] counts them, the arguments may have in addition.
    pub(super) fn room(words: &str, arguments: &[&str]) -> usize {
        MAX_LINE.saturating_sub(length(words, arguments))
    }

    /// `GET VARIABLE`: returns a variable or function by name.
    pub fn get_variable(name: &str) -> Result<Self, Error> {
        Self::new("GET VARIABLE", &[name])
    }

    /// `GET FULL VARIABLE`: evaluates an expression that contains `${…}`.
    pub fn get_full_variable(expression: &str) -> Result<Self, Error> {
        Self::new("GET FULL VARIABLE", &[expression])
    }

    /// `SET VARIABLE`: sets a variable to exactly `value`.
    pub fn set_variable(name: &str, value: &str) -> Result<Self, Error> {
        Self::new("SET VARIABLE", &[name, value])
    }

    /// Returns the line as it is sent, without its end.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Returns the words of the command without its arguments, which may be confidential.
    pub fn words(&self) -> &str {
        self.line.split(" \"").next().unwrap_or_default()
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

fn is_word(word: &str) -> bool {
    !word.is_empty()
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Returns the first character of a text that would end a line.
fn line_end(text: &str) -> Option<char> {
    let at = memchr3(b'\r', b'\n', 0, text.as_bytes())?;
    text.as_bytes().get(at).copied().map(char::from)
}

/// Appends a text such that it is literal between quotes.
fn push_escaped(line: &mut String, text: &str) {
    let mut rest = text;
    while let Some((before, after)) = next_escape(rest) {
        line.push_str(before);
        line.push('\\');
        // The character is one byte long.
        let (character, next) = after.split_at(1);
        line.push_str(character);
        rest = next;
    }
    line.push_str(rest);
}

/// Splits a text before the first character that a backslash makes literal.
fn next_escape(text: &str) -> Option<(&str, &str)> {
    text.split_at_checked(memchr2(b'"', b'\\', text.as_bytes())?)
}

/// Returns the length of a line of these words and arguments, in bytes.
fn length(words: &str, arguments: &[&str]) -> usize {
    let lengths = arguments
        .iter()
        .map(|argument| quoted_length(argument).saturating_add(r#" """#.len()));
    lengths.fold(words.len(), usize::saturating_add)
}

/// Returns how many bytes a text takes between quotes.
pub(super) fn quoted_length(text: &str) -> usize {
    let escaped = memchr2_iter(b'"', b'\\', text.as_bytes()).count();
    text.len().saturating_add(escaped)
}

/// Returns whether a character is literal only after a backslash.
fn needs_escape(character: char) -> bool {
    matches!(character, '"' | '\\')
}

/// Maximum length of a line without its LF, in bytes. Asterisk up to 22.5 reads 2047 bytes and runs
/// longer lines in pieces; this leaves a margin.
const MAX_LINE: usize = 1998;

/// Maximum number of words that Asterisk reads from one line; it silently drops the others.
const MAX_WORDS: usize = 127;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures;

    /// Splits a line as Asterisk does: spaces separate, quotes group, and a backslash makes the next
    /// character literal.
    fn split_as_asterisk(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
        let mut characters = line.chars();
        while let Some(character) = characters.next() {
            match character {
                '"' => {
                    quoted = !quoted;
                    word.get_or_insert_default();
                }
                ' ' | '\t' if !quoted => words.extend(word.take()),
                '\\' => word.get_or_insert_default().extend(characters.next()),
                other => word.get_or_insert_default().push(other),
            }
        }
        words.extend(word);
        words
    }

    #[test]
    fn every_argument_is_quoted() {
        let command = Command::new("EXEC", &["NoOp", "", r"a\b"]).unwrap();
        assert_eq!(command.line(), r#"EXEC "NoOp" "" "a\\b""#);
        assert_eq!(command.words(), "EXEC");
        assert_eq!(Command::new("ANSWER", &[]).unwrap().words(), "ANSWER");
    }

    #[test]
    fn arguments_that_would_end_the_line_are_rejected() {
        for character in ['\r', '\n', '\0'] {
            let error = Command::set_variable("X", &format!("a{character}b")).unwrap_err();
            assert!(
                matches!(error, Error::ForbiddenCharacter { character: c, .. } if c == character)
            );
        }
    }

    #[test]
    fn invalid_words_are_rejected() {
        for words in [
            "",
            " ",
            "GET  VARIABLE",
            "NOOP\n",
            "NOOP \"x\"",
            " NOOP",
            "NÖ",
        ] {
            let error = Command::new(words, &[]).unwrap_err();
            assert!(
                matches!(error, Error::InvalidWords { .. }),
                "{words:?}: {error}"
            );
        }
    }

    #[test]
    fn line_length_is_limited() {
        let room = MAX_LINE - r#"VERBOSE """#.len();
        let command = Command::new("VERBOSE", &["x".repeat(room).as_str()]).unwrap();
        assert_eq!(command.line().len(), MAX_LINE);
        assert!(Command::fits("VERBOSE", &["x".repeat(room).as_str()]));
        assert!(!Command::fits("VERBOSE", &["x".repeat(room + 1).as_str()]));
        let error = Command::new("VERBOSE", &["x".repeat(room + 1).as_str()]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "command `VERBOSE` has {} bytes; Asterisk accepts {MAX_LINE}",
                MAX_LINE + 1
            )
        );
    }

    #[test]
    fn number_of_words_is_limited() {
        assert!(Command::new("EXEC", &[""; MAX_WORDS - 1]).is_ok());
        let error = Command::new("EXEC", &[""; MAX_WORDS]).unwrap_err();
        assert!(matches!(error, Error::TooManyWords { words: 128, .. }));
    }

    #[test]
    fn control_characters_of_a_truncated_text_become_spaces() {
        let command =
            Command::truncated("SET VARIABLE", &["X"], "a\r\nb\0c\td\u{85}e", &[]).unwrap();
        assert_eq!(command.line(), r#"SET VARIABLE "X" "a  b c d e""#);
    }

    #[test]
    fn text_is_truncated_between_characters() {
        for text in [
            "ä".repeat(2000),
            "\"".repeat(2000),
            "x€".repeat(2000),
            "x".repeat(100_000),
        ] {
            let command = Command::truncated("SET VARIABLE", &["X"], &text, &[]).unwrap();
            assert!((MAX_LINE - 3..=MAX_LINE).contains(&command.line().len()));
            let words = split_as_asterisk(command.line());
            assert!(text.starts_with(&words[3]), "{command}");
        }
    }

    #[test]
    fn lines_of_other_libraries_parse_the_same() {
        // Numbers are bare words there and quoted here, which is the same to Asterisk. Lines that
        // start with `MY` come from a test double instead of a command.
        let mut checked = 0;
        for case in fixtures::lines("agi-command-lines.jsonl") {
            let line = case["line"].as_str().unwrap();
            let theirs = split_as_asterisk(line);
            let verb = theirs.iter().take_while(|word| is_upper(word)).count();
            if verb == 0 || line.starts_with("MY ") {
                continue;
            }
            let arguments: Vec<&str> = theirs[verb..].iter().map(String::as_str).collect();
            let ours = Command::new(&theirs[..verb].join(" "), &arguments).unwrap();
            assert_eq!(split_as_asterisk(ours.line()), theirs, "{line}");
            checked += 1;
        }
        fixtures::report("command lines", checked);
    }

    fn is_upper(word: &str) -> bool {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase())
    }

    proptest! {
        #[test]
        fn asterisk_parses_the_given_arguments(arguments in vec("[^\r\n\0]{0,20}", 0..8)) {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let command = Command::new("DATABASE PUT", &arguments).unwrap();
            let words = split_as_asterisk(command.line());
            prop_assert_eq!(&words[..2], ["DATABASE", "PUT"]);
            prop_assert_eq!(&words[2..], &arguments[..]);
        }

        #[test]
        fn truncated_text_always_gives_one_short_line(text in "(?s).{0,3000}") {
            let command = Command::truncated("VERBOSE", &[], &text, &["3"]).unwrap();
            prop_assert!(command.line().len() <= MAX_LINE);
            prop_assert!(!command.line().chars().any(char::is_control));
        }

        #[test]
        fn command_is_always_one_line(words in "(?s).{0,12}", argument in "(?s).{0,40}") {
            if let Ok(command) = Command::new(&words, &[&argument]) {
                prop_assert!(!command.line().contains(['\r', '\n', '\0']));
            }
        }
    }
}
