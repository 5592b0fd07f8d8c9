//! Text without terminal control characters.

use std::fmt;

/// Displays a value with control characters, line breaks and marks of text direction escaped (`\u{1b}`,
/// `\n`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct TerminalSafe<T>(pub T);

impl<T: fmt::Display> fmt::Display for TerminalSafe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        write!(Escaping(f), "{}", self.0)
    }
}

/// Displays JSON with the same characters escaped. It stays equivalent JSON: line breaks between values are
/// kept, and `\u009b` in a string is the character.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TerminalSafeJson<T>(pub T);

impl<T: fmt::Display> fmt::Display for TerminalSafeJson<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        // Not `write!` with a `{}`: `{:#}` requests JSON over several lines.
        let mut escaping = EscapingJson(f);
        if escaping.0.alternate() {
            write!(escaping, "{:#}", self.0)
        } else {
            write!(escaping, "{}", self.0)
        }
    }
}

/// Escapes text that is written through it.
pub(super) struct Escaping<'a, W: ?Sized>(pub(super) &'a mut W);

impl<W: fmt::Write + ?Sized> fmt::Write for Escaping<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let escape = |to: &mut W, c: char| write!(to, "{}", c.escape_default());
        escape_all(self.0, text, is_terminal_control, escape)
    }
}

/// Escapes JSON that is written through it.
pub(super) struct EscapingJson<'a, W: ?Sized>(pub(super) &'a mut W);

impl<W: fmt::Write + ?Sized> fmt::Write for EscapingJson<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // All of them are in the basic plane. In ASCII, JSON escapes all of them but DEL.
        let is_unescaped = |c: char| is_terminal_control(c) && c >= '\u{7f}';
        let escape = |to: &mut W, c: char| write!(to, "\\u{:04x}", u32::from(c));
        escape_all(self.0, text, is_unescaped, escape)
    }
}

/// Writes `text` to `to`, with the characters that match `matches` replaced by `escape`.
fn escape_all<W: fmt::Write + ?Sized>(
    to: &mut W,
    text: &str,
    matches: impl Fn(char) -> bool,
    escape: impl Fn(&mut W, char) -> fmt::Result,
) -> fmt::Result {
    if is_plain(text) {
        return to.write_str(text);
    }
    let mut rest = text;
    while let Some((at, c)) = rest.char_indices().find(|(_, c)| matches(*c)) {
        let (plain, tail) = rest.split_at(at);
        to.write_str(plain)?;
        escape(to, c)?;
        rest = tail.get(c.len_utf8()..).unwrap_or_default();
    }
    to.write_str(rest)
}

/// Returns whether `text` has only printable characters of ASCII, none of which is escaped.
pub(super) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn is_terminal_control(c: char) -> bool {
    let breaks_lines = matches!(c, '\u{2028}' | '\u{2029}');
    let sets_direction =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || breaks_lines || sets_direction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_controls_are_escaped() {
        let check =
            |text: &str, expected: &str| assert_eq!(TerminalSafe(text).to_string(), expected);
        check("Zoë Müller 🙂", "Zoë Müller 🙂");
        check("\u{1b}[31mred\r\n", "\\u{1b}[31mred\\r\\n");
        check("\u{9b}31m\u{7f}\0", "\\u{9b}31m\\u{7f}\\u{0}");
        check("a\u{202e}b\u{2028}", "a\\u{202e}b\\u{2028}");
    }

    proptest::proptest! {
        #[test]
        fn escaped_json_is_equivalent(text in ".{0,40}", more in "\\PC{0,10}") {
            let value = serde_json::json!({"a": [text, "\u{9b}31m\u{7f}\u{202e}\u{2028}"], more: 1});
            for shown in [TerminalSafeJson(&value).to_string(), format!("{:#}", TerminalSafeJson(&value))] {
                assert!(!shown.chars().any(|c| is_terminal_control(c) && c != '\n'), "{shown:?}");
                let read: serde_json::Value = serde_json::from_str(&shown).unwrap();
                assert_eq!(read, value);
            }
        }

        #[test]
        fn escaping_is_idempotent(text in ".{0,40}") {
            let once = TerminalSafe(&text).to_string();
            assert!(!once.chars().any(is_terminal_control));
            assert_eq!(TerminalSafe(&once).to_string(), once);
        }
    }
}
