//! Patterns of names: `2*`, `*-desk`, `SIP/*`.

/// The word for every desk phone.
const EVERYBODY: &str = "all";

/// A name that stands for several: `all`, or one with `*`, each of which stands for any characters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pattern<'a>(&'a str);

impl<'a> Pattern<'a> {
    /// Returns the pattern that `text` is, if it is one.
    pub(super) fn find(text: &'a str) -> Option<Self> {
        match text {
            EVERYBODY => Some(Self("*")),
            text => text.contains('*').then_some(Self(text)),
        }
    }

    /// Returns whether it is compared with endpoints (`SIP/1001`) instead of names.
    pub(super) fn has_technology(self) -> bool {
        self.0.contains('/')
    }

    /// Returns whether `name` is one of those that it stands for, in time proportional to both lengths.
    pub(super) fn matches(self, name: &str) -> bool {
        let Some((start, rest)) = self.0.split_once('*') else {
            return self.0 == name;
        };
        let Some(mut name) = name.strip_prefix(start) else {
            return false;
        };
        let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
        // The earliest place of each part leaves the most for the others.
        for part in middle.split('*').filter(|part| !part.is_empty()) {
            let Some((_, after)) = name.split_once(part) else {
                return false;
            };
            name = after;
        }
        name.ends_with(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn star_stands_for_any_characters() {
        for (pattern, matching, others) in [
            ("2*", &["2", "21", "2*"][..], &["12", ""][..]),
            ("*", &["", "1001"], &[]),
            ("**", &["", "1001"], &[]),
            ("*-desk", &["a-desk", "-desk"], &["a-desk-2", "desk"]),
            ("a*b*c", &["abc", "aXbbYc"], &["acb", "ab", "abcd"]),
            ("a*a", &["aa", "aba"], &["a", "ab"]),
            ("*ab*ab*", &["abab", "xabyabz"], &["ab", "aab"]),
            ("ä*ü", &["äöü", "äü"], &["a\u{308}ü"]),
            ("all", &["1001", ""], &[]),
        ] {
            let found = Pattern::find(pattern).unwrap();
            for name in matching {
                assert!(found.matches(name), "{pattern} {name}");
            }
            for name in others {
                assert!(!found.matches(name), "{pattern} {name}");
            }
        }
        assert!(Pattern::find("1001").is_none() && Pattern::find("All").is_none());
    }
}
