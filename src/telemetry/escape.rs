//! Text that cannot command a terminal.

use std::fmt;

/// Shows a value without what a terminal would obey: control characters, line breaks and marks that
/// turn the direction of writing appear escaped (`\u{1b}`, `\n`).
#[derive(Clone, Copy, Debug)]
pub struct Escaped<T>(
    /// The value.
    pub T,
);

impl<T: fmt::Display> fmt::Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        write!(Escaping(f), "{}", self.0)
    }
}

/// Escapes what is written through it.
pub(super) struct Escaping<'a, W: ?Sized>(pub(super) &'a mut W);

impl<W: fmt::Write + ?Sized> fmt::Write for Escaping<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_obeyed(*c)) {
            let (plain, tail) = rest.split_at(at);
            self.0.write_str(plain)?;
            write!(self.0, "{}", c.escape_default())?;
            rest = tail.get(c.len_utf8()..).unwrap_or_default();
        }
        self.0.write_str(rest)
    }
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
        let check = |text: &str, expected: &str| assert_eq!(Escaped(text).to_string(), expected);
        check("Zoë Müller 🙂", "Zoë Müller 🙂");
        check("\u{1b}[31mred\r\n", "\\u{1b}[31mred\\r\\n");
        check("\u{9b}31m\u{7f}\0", "\\u{9b}31m\\u{7f}\\u{0}");
        check("a\u{202e}b\u{2028}", "a\\u{202e}b\\u{2028}");
    }

    proptest::proptest! {
        #[test]
        fn what_was_escaped_needs_no_more(text in ".{0,40}") {
            let once = Escaped(&text).to_string();
            assert!(!once.chars().any(is_obeyed));
            assert_eq!(Escaped(&once).to_string(), once);
        }
    }
}
