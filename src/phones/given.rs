//! Values as they are given, and which parts of them the author of the request did not write.

use std::ops::Range;

/// A value, of which some parts may be inserted: filled in from an event, not written by the author
/// of the request.
///
/// Separators in an inserted part are plain text, so an inserted part cannot add a phone, a field or
/// a key press to what the author wrote.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    text: &'a str,
    /// Position of `text` in the value to which `inserted` refers, in bytes.
    at: usize,
    /// In ascending order, without overlap.
    inserted: &'a [Range<usize>],
}

impl<'a> Given<'a> {
    /// A value that its author wrote.
    pub fn written(text: &'a str) -> Self {
        Self::with_inserted(text, &[])
    }

    /// A value that is inserted as a whole.
    pub fn inserted(text: &'a str) -> Self {
        Self::with_inserted(text, std::slice::from_ref(&WHOLE))
    }

    /// A value whose bytes in the ranges `inserted` are inserted. The ranges must be in ascending
    /// order and must not overlap.
    pub fn with_inserted(text: &'a str, inserted: &'a [Range<usize>]) -> Self {
        debug_assert!(inserted.is_sorted_by(|one, next| one.end <= next.start));
        Self {
            text,
            at: 0,
            inserted,
        }
    }

    /// Returns the text.
    pub fn as_str(self) -> &'a str {
        self.text
    }

    /// Returns whether a part of it is inserted.
    pub fn has_inserted(self) -> bool {
        let end = self.at.saturating_add(self.text.len());
        self.range_after(self.at)
            .is_some_and(|range| range.start < end)
    }

    /// Removes white space at both ends.
    #[must_use]
    pub fn trim(self) -> Self {
        let start = self.text.len() - self.text.trim_start().len();
        Self {
            text: self.text.trim(),
            at: self.at.saturating_add(start),
            ..self
        }
    }

    /// Removes `prefix`; `None` if the text starts otherwise.
    pub fn strip_prefix(self, prefix: &str) -> Option<Self> {
        Some(Self {
            text: self.text.strip_prefix(prefix)?,
            at: self.at.saturating_add(prefix.len()),
            ..self
        })
    }

    /// Splits at the first separator.
    pub fn split_once(self, separator: char) -> Option<(Self, Self)> {
        let at = self.separators(separator).next()?;
        self.split_at(at, separator)
    }

    /// Splits at the last separator.
    pub fn rsplit_once(self, separator: char) -> Option<(Self, Self)> {
        let at = self.separators(separator).next_back()?;
        self.split_at(at, separator)
    }

    /// Splits at each separator.
    pub fn split(self, separator: char) -> impl Iterator<Item = Self> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let given = rest?;
            let (part, next) = match given.split_once(separator) {
                Some((part, next)) => (part, Some(next)),
                None => (given, None),
            };
            rest = next;
            Some(part)
        })
    }

    fn split_at(self, at: usize, separator: char) -> Option<(Self, Self)> {
        let next = at.saturating_add(separator.len_utf8());
        let part = |text, at| Self { text, at, ..self };
        Some((
            part(self.text.get(..at)?, self.at),
            part(self.text.get(next..)?, self.at.saturating_add(next)),
        ))
    }

    /// Returns the positions of the separators that are not inserted.
    fn separators(self, separator: char) -> impl DoubleEndedIterator<Item = usize> {
        let found = self.text.match_indices(separator).map(|(at, _)| at);
        found.filter(move |at| {
            let at = self.at.saturating_add(*at);
            self.range_after(at).is_none_or(|range| at < range.start)
        })
    }

    /// Returns the first range that ends after a position.
    fn range_after(self, at: usize) -> Option<&'a Range<usize>> {
        let index = self.inserted.partition_point(|range| range.end <= at);
        self.inserted.get(index)
    }
}

/// The range of a value of any length.
static WHOLE: Range<usize> = 0..usize::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    fn parts<'a>(given: Given<'a>, separator: char) -> Vec<(&'a str, bool)> {
        let part = |part: Given<'a>| (part.as_str(), part.has_inserted());
        given.split(separator).map(part).collect()
    }

    #[test]
    fn written_values_are_split_at_each_separator() {
        let given = Given::written("a& b &");
        assert_eq!(
            parts(given, '&'),
            [("a", false), (" b ", false), ("", false)]
        );
        assert_eq!(parts(Given::written(""), '&'), [("", false)]);
        let (first, rest) = given.split_once('&').unwrap();
        assert_eq!((first.as_str(), rest.as_str()), ("a", " b &"));
        let (rest, last) = given.rsplit_once('&').unwrap();
        assert_eq!((rest.as_str(), last.as_str()), ("a& b ", ""));
    }

    #[test]
    fn inserted_separators_separate_nothing() {
        let text = "1&x&y&2&z";
        //          the 2nd to 4th letter pairs, and the last
        let inserted = [2..5, 8..9];
        let given = Given::with_inserted(text, &inserted);
        let expected = [("1", false), ("x&y", true), ("2", false), ("z", true)];
        assert_eq!(parts(given, '&'), expected);
        let (rest, last) = given.rsplit_once('&').unwrap();
        assert_eq!((rest.as_str(), last.as_str()), ("1&x&y&2", "z"));
        assert!(last.has_inserted());
        let whole = Given::inserted("a|b");
        assert!(whole.split_once('|').is_none() && whole.rsplit_once('|').is_none());
        assert!(whole.trim().has_inserted() && !Given::inserted("").has_inserted());
    }

    #[test]
    fn ranges_stay_in_place_after_trimming_and_splitting() {
        let inserted = 3..6;
        let given = Given::with_inserted("  ä|b | c|d", std::slice::from_ref(&inserted));
        // Bytes 3..6 are the second half of the letter, the separator and the b.
        let (label, rest) = given.trim().split_once('|').unwrap();
        assert_eq!((label.as_str(), rest.as_str()), ("ä|b ", " c|d"));
        assert!(label.has_inserted() && !rest.has_inserted());
        let b = label.strip_prefix("ä").unwrap();
        assert!(b.as_str() == "|b " && b.has_inserted());
        let (one, other) = rest.split_once('|').unwrap();
        assert_eq!((one.trim().as_str(), other.as_str()), ("c", "d"));
    }
}
