//! Texts for people, as a dialplan can write them.

/// Replaces the two characters `\n` by a line break, since a line of a dialplan has no other way to
/// write one. With a further backslash before it, `\\n`, they are shown: of several backslashes
/// before an `n` one is dropped. Other backslashes stay.
pub(super) fn unescape(text: &str) -> String {
    let mut unescaped = String::with_capacity(text.len());
    let mut parts = text.split('n').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            unescaped.push_str(part);
        } else if let Some(before) = part.strip_suffix('\\') {
            unescaped.push_str(before);
            unescaped.push(if before.ends_with('\\') { 'n' } else { '\n' });
        } else {
            unescaped.push_str(part);
            unescaped.push('n');
        }
    }
    unescaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn backslash_n_is_a_line_break() {
        assert_eq!(unescape(r"one\ntwo\n\nfour"), "one\ntwo\n\nfour");
        assert_eq!(unescape(r"\n"), "\n");
        assert_eq!(unescape("one\ntwo"), "one\ntwo");
    }

    #[test]
    fn two_backslashes_and_n_are_shown_as_one() {
        assert_eq!(unescape(r"C:\\new"), r"C:\new");
        assert_eq!(unescape(r"C:\\\new"), r"C:\\new");
    }

    #[test]
    fn other_backslashes_stay() {
        for text in [r"a\b", r"\\server\share", r"\t\r\N", r"\", r"\\", "no", ""] {
            assert_eq!(unescape(text), text);
        }
    }

    proptest! {
        #[test]
        fn every_text_can_be_written(text in r"[\\na\n]{0,20}") {
            let mut written = String::new();
            let mut after_backslash = false;
            for c in text.chars() {
                match c {
                    '\n' => written.push_str(if after_backslash { "\n" } else { "\\n" }),
                    'n' if after_backslash => written.push_str("\\n"),
                    c => written.push(c),
                }
                after_backslash = c == '\\';
            }
            prop_assert_eq!(unescape(&written), text);
        }
    }
}
