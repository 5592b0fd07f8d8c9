//! Several variables in one command: `EXEC MSet`.
//!
//! The application is part of Asterisk's core since 1.6.1, and says when it is missing (`result=-2`);
//! a function such as `ARRAY()` is in a module, and `SET VARIABLE` reports success without it.
//! Asterisk splits its argument at commas, and each part at the first `=`. Before a comma, quotes,
//! parentheses and brackets group, and a backslash makes the next character literal; all of that is
//! removed from the values.

use super::command::{Command, quoted_length};
use super::error::Error;

/// How variables are set: as many as possible together.
#[derive(Debug)]
pub(super) struct Assignments<'a> {
    /// Sets several; `None` if fewer than two fit.
    pub(super) together: Option<Command>,
    /// The others, each to be set with its own command.
    pub(super) single: Vec<(&'a str, &'a str)>,
}

impl<'a> Assignments<'a> {
    /// Distributes variables. Those set together have names of letters, digits and `_`; control
    /// characters of their values become spaces, as in [`Command::truncated`].
    pub(super) fn new(variables: &[(&'a str, &'a str)]) -> Result<Self, Error> {
        let mut arguments = String::with_capacity(USUAL_LENGTH);
        let mut room = Command::room("EXEC", &["MSet", ""]);
        let (mut count, mut single) = (0_usize, Vec::new());
        for &(name, value) in variables {
            if !is_name(name) {
                single.push((name, value));
                continue;
            }
            let start = arguments.len();
            if count > 0 {
                arguments.push(',');
            }
            arguments.push_str(name);
            arguments.push('=');
            push_literal(&mut arguments, value);
            let length = quoted_length(arguments.get(start..).unwrap_or_default());
            if count < MAX_TOGETHER && length <= room {
                count = count.saturating_add(1);
                room = room.saturating_sub(length);
            } else {
                arguments.truncate(start);
                single.push((name, value));
            }
        }
        if count < 2 {
            return Ok(Self {
                together: None,
                single: variables.to_vec(),
            });
        }
        let together = Some(Command::new("EXEC", &["MSet", &arguments])?);
        Ok(Self { together, single })
    }
}

/// Appends a text such that its characters are themselves in the value.
fn push_literal(to: &mut String, text: &str) {
    if text.bytes().all(is_plain) {
        to.push_str(text);
        return;
    }
    for character in text.chars() {
        if is_special(character) {
            to.push('\\');
        }
        to.push(if character.is_control() {
            ' '
        } else {
            character
        });
    }
}

/// Returns whether a byte is a character that is appended as it is.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !is_special(char::from(byte))
}

fn is_special(character: char) -> bool {
    matches!(character, ',' | '"' | '\\' | '(' | ')' | '[' | ']')
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    !name.is_empty() && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Number of variables that `MSet` sets; Asterisk appends the text of any others to the last one.
const MAX_TOGETHER: usize = 24;

/// How long the argument is in most cases, in bytes.
const USUAL_LENGTH: usize = 256;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn line(variables: &[(&str, &str)]) -> (Option<String>, usize) {
        let assignments = Assignments::new(variables).unwrap();
        let line = assignments.together.map(|command| command.to_string());
        (line, assignments.single.len())
    }

    #[test]
    fn variables_are_set_together() {
        let variables = [("A", "a, b"), ("B_2", ""), ("C", "x=(y)[\"\\")];
        let expected = r#"EXEC "MSet" "A=a\\, b,B_2=,C=x=\\(y\\)\\[\\\"\\\\""#;
        assert_eq!(line(&variables), (Some(expected.to_owned()), 0));
    }

    #[test]
    fn control_characters_become_spaces() {
        let variables = [("A", "a\r\nb\0"), ("B", "c\td\u{85}e")];
        let expected = "EXEC \"MSet\" \"A=a  b ,B=c d e\"";
        assert_eq!(line(&variables), (Some(expected.to_owned()), 0));
    }

    #[test]
    fn one_variable_needs_no_application() {
        assert_eq!(line(&[]), (None, 0));
        assert_eq!(line(&[("A", "a")]), (None, 1));
        assert_eq!(line(&[("A", "a"), ("CHANNEL(language)", "de")]), (None, 2));
    }

    #[test]
    fn what_does_not_fit_is_set_alone() {
        let long = "(".repeat(700);
        let variables = [("A", "a"), ("B", &long), ("C", "c"), ("F(x)", "d")];
        let expected = "EXEC \"MSet\" \"A=a,C=c\"";
        assert_eq!(line(&variables), (Some(expected.to_owned()), 2));
        let many = [("A", "a"); MAX_TOGETHER + 1];
        assert_eq!(line(&many).1, 1);
    }

    /// Splits the argument of `MSet` as Asterisk does.
    fn split_as_asterisk(argument: &str) -> Vec<(String, String)> {
        let (mut parts, mut part) = (Vec::new(), String::new());
        let (mut depth, mut quoted) = (0_usize, false);
        let mut characters = argument.chars();
        while let Some(character) = characters.next() {
            match character {
                '(' | '[' => depth += 1,
                ')' | ']' => depth = depth.saturating_sub(1),
                '"' => quoted = !quoted,
                _ => (),
            }
            match character {
                '"' => (),
                '\\' => part.extend(characters.next()),
                ',' if depth == 0 && !quoted => parts.push(std::mem::take(&mut part)),
                other => part.push(other),
            }
        }
        parts.push(part);
        let pair = |part: &String| {
            let (name, value) = part.split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        };
        parts.iter().map(pair).collect()
    }

    proptest! {
        #[test]
        fn asterisk_sets_the_given_values(values in vec("\\PC{0,20}", 2..8)) {
            let variables: Vec<_> = values.iter().map(|value| ("NAME", value.as_str())).collect();
            let line = Assignments::new(&variables).unwrap().together.unwrap().to_string();
            let quoted = line.strip_prefix("EXEC \"MSet\" \"").unwrap();
            let quoted = quoted.strip_suffix('"').unwrap();
            let argument = quoted.replace("\\\\", "\0").replace("\\\"", "\"").replace('\0', "\\");
            let pairs = split_as_asterisk(&argument);
            let got: Vec<_> = pairs.iter().map(|(_, value)| value.as_str()).collect();
            prop_assert_eq!(got, values);
        }
    }
}
