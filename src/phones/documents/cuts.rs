//! Texts cut to what a phone shows, and the notes about it.

use std::cell::RefCell;

use crate::xml::clean;

/// Cuts texts, and remembers which. There is no other way to cut one, so nothing is cut without a word.
#[derive(Debug, Default)]
pub(crate) struct Cuts(RefCell<Vec<String>>);

impl Cuts {
    /// Returns the first `max` characters of a text with line breaks. `what` names it in the note.
    pub(crate) fn text(&self, what: &'static str, text: &str, max: usize) -> String {
        let text = clean(text);
        if text.chars().count() <= max {
            return text;
        }
        let note = format!("{what} cut to {max} characters");
        let mut notes = self.0.borrow_mut();
        if !notes.contains(&note) {
            notes.push(note);
        }
        truncated(&text, max)
    }

    /// As [`text`](Self::text), for a place with one line: line breaks become blanks.
    pub(crate) fn line(&self, what: &'static str, text: &str, max: usize) -> String {
        let line = clean(text).replace('\n', " ");
        self.text(what, &line, max)
    }

    /// Returns the longest start of a text that `fits`.
    pub(crate) fn longest(
        &self,
        what: &'static str,
        text: &str,
        fits: impl Fn(&str) -> bool,
    ) -> String {
        let text = clean(text);
        if fits(&text) {
            return text;
        }
        // The size of a character varies with its escaping, so the length is found by bisection.
        let (mut good, mut bad) = (0, text.chars().count());
        while bad.saturating_sub(good) > 1 {
            let middle = good.midpoint(bad);
            if fits(&truncated(&text, middle)) {
                good = middle;
            } else {
                bad = middle;
            }
        }
        self.text(what, &text, good)
    }

    /// Returns what was cut, one note for each place.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.0.borrow().clone()
    }
}

/// Truncates a clean text to `max` characters, at a word boundary and with an ellipsis.
fn truncated(text: &str, max: usize) -> String {
    let Some(room) = max.checked_sub(1) else {
        return String::new();
    };
    let kept: String = text.chars().take(room).collect();
    // Drop a partial word, unless most of the text would go.
    let next_is_blank = text.chars().nth(room).is_some_and(char::is_whitespace);
    let at = kept.rfind(char::is_whitespace).filter(|_| !next_is_blank);
    let kept = at
        .and_then(|at| kept.get(..at))
        .filter(|kept| kept.len() * 2 > room)
        .unwrap_or(&kept);
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn truncate(text: &str, max: usize) -> String {
        Cuts::default().text("text", text, max)
    }

    #[test]
    fn every_cut_is_noted_once() {
        let cuts = Cuts::default();
        assert_eq!(cuts.line("title", "Lunch", 5), "Lunch");
        assert_eq!(cuts.notes(), [""; 0]);
        for _ in 0..2 {
            assert_eq!(cuts.line("title", "Lunch is ready", 9), "Lunch is…");
        }
        cuts.text("text", "a b c", 3);
        assert_eq!(
            cuts.notes(),
            ["title cut to 9 characters", "text cut to 3 characters"]
        );
    }

    #[test]
    fn line_has_no_line_breaks() {
        let cuts = Cuts::default();
        assert_eq!(cuts.line("title", "one\r\ntwo\n", 9), "one two ");
        assert_eq!(cuts.text("text", "one\r\ntwo", 9), "one\ntwo");
    }

    #[test]
    fn longest_start_fits() {
        let cuts = Cuts::default();
        let short = |text: &str| text.len() <= 10;
        assert_eq!(cuts.longest("text", "a b c", short), "a b c");
        assert_eq!(cuts.longest("text", "one two three", short), "one two…");
        assert_eq!(cuts.notes().len(), 1);
    }

    #[test]
    fn long_text_is_truncated_at_a_word() {
        assert_eq!(truncate("The quick brown fox", 19), "The quick brown fox");
        assert_eq!(truncate("The quick brown fox", 18), "The quick brown…");
        assert_eq!(truncate("The quick brown fox", 16), "The quick brown…");
        assert_eq!(truncate("The quick brown fox", 15), "The quick…");
        assert_eq!(truncate("Donaudampfschifffahrt", 8), "Donauda…");
        assert_eq!(truncate("abc", 1), "…");
        assert_eq!(truncate("abc", 0), "");
    }

    proptest! {
        #[test]
        fn truncated_text_fits(text in any::<String>(), max in 0_usize..40) {
            prop_assert!(truncate(&text, max).chars().count() <= max);
        }
    }
}
