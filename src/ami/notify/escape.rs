//! Escaping for Asterisk's argument parser.

/// Escapes each character that is special to Asterisk's argument parser, so that a value in a header
/// `Variable` of a list `NAME=VALUE,NAME=VALUE` is itself.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_special(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Returns the length of a character after escaping, in bytes.
pub(super) fn escaped_len(character: char) -> usize {
    character.len_utf8() + usize::from(is_special(character))
}

fn is_special(character: char) -> bool {
    matches!(character, '"' | '\\' | ',' | '(' | ')' | '[' | ']')
}
