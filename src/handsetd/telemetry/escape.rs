//! Text that cannot command a terminal.

use std::fmt;

/// Shows a value without what a terminal would obey: control characters, line breaks and marks that
/// turn the direction of writing appear escaped (`\u{1b}`, `\n`).
#[derive(Clone, Copy, Debug)]
pub struct TerminalSafe<T>(
    /// The value.
    pub T,
);

impl<T: fmt::Display> fmt::Display for TerminalSafe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        write!(Escaping(f), "{}", self.0)
    }
}

/// Shows JSON without what a terminal would obey. It stays the same JSON: the line breaks between
/// values stay, and in a text `\u009b` is the character.
#[derive(Clone, Copy, Debug)]
pub struct TerminalSafeJson<T>(
    /// The JSON.
    pub T,
);

impl<T: fmt::Display> fmt::Display for TerminalSafeJson<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        // Not `write!` with a `{}`: `{:#}` asks for JSON over several lines.
        let mut escaping = EscapingJson(f);
        if escaping.0.alternate() {
            write!(escaping, "{:#}", self.0)
        } else {
            write!(escaping, "{}", self.0)
        }
    }
}

/// Escapes what is written through it.
pub(super) struct Escaping<'a, W: ?Sized>(pub(super) &'a mut W);

impl<W: fmt::Write + ?Sized> fmt::Write for Escaping<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let escape = |to: &mut W, c: char| write!(to, "{}", c.escape_default());
        escape_all(self.0, text, is_obeyed, escape)
    }
}

/// Escapes JSON that is written through it.
pub(super) struct EscapingJson<'a, W: ?Sized>(pub(super) &'a mut W);

impl<W: fmt::Write + ?Sized> fmt::Write for EscapingJson<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // All of them are in the first plane. ASCII that is obeyed is escaped in JSON anyway, but for
        // DEL.
        let is_left = |c: char| is_obeyed(c) && c >= '\u{7f}';
        let escape = |to: &mut W, c: char| write!(to, "\\u{:04x}", u32::from(c));
        escape_all(self.0, text, is_left, escape)
    }
}

/// Writes `text` to `to`, and what is meant by `is_meant` by `escape`.
fn escape_all<W: fmt::Write + ?Sized>(
    to: &mut W,
    text: &str,
    is_meant: impl Fn(char) -> bool,
    escape: impl Fn(&mut W, char) -> fmt::Result,
) -> fmt::Result {
    let mut rest = text;
    while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_meant(*c)) {
        let (plain, tail) = rest.split_at(at);
        to.write_str(plain)?;
        escape(to, c)?;
        rest = tail.get(c.len_utf8()..).unwrap_or_default();
    }
    to.write_str(rest)
}

fn is_obeyed(c: char) -> bool {
    let breaks_lines = matches!(c, '\u{2028}' | '\u{2029}');
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || breaks_lines || turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        let check =
            |text: &str, expected: &str| assert_eq!(TerminalSafe(text).to_string(), expected);
        check("Zoë Müller 🙂", "Zoë Müller 🙂");
        check("\u{1b}[31mred\r\n", "\\u{1b}[31mred\\r\\n");
        check("\u{9b}31m\u{7f}\0", "\\u{9b}31m\\u{7f}\\u{0}");
        check("a\u{202e}b\u{2028}", "a\\u{202e}b\\u{2028}");
    }

    proptest::proptest! {
        #[test]
        fn json_that_was_escaped_is_the_same_json(text in ".{0,40}", more in "\\PC{0,10}") {
            let value = serde_json::json!({"a": [text, "\u{9b}31m\u{7f}\u{202e}\u{2028}"], more: 1});
            for shown in [TerminalSafeJson(&value).to_string(), format!("{:#}", TerminalSafeJson(&value))] {
                assert!(!shown.chars().any(|c| is_obeyed(c) && c != '\n'), "{shown:?}");
                let read: serde_json::Value = serde_json::from_str(&shown).unwrap();
                assert_eq!(read, value);
            }
        }

        #[test]
        fn what_was_escaped_needs_no_more(text in ".{0,40}") {
            let once = TerminalSafe(&text).to_string();
            assert!(!once.chars().any(is_obeyed));
            assert_eq!(TerminalSafe(&once).to_string(), once);
        }
    }
}
