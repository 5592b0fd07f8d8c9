//! Patterns of names: `2*`, `*-desk`, `SIP/*`.

use handset_net::wildcard;

/// The word for every desk phone.
const EVERYBODY: &str = "all";

/// A name that stands for several: `all`, or one with `*`, each of which stands for any characters.
#[derive(Clone, Copy, Debug)]
pub struct Pattern<'a>(&'a str);

impl<'a> Pattern<'a> {
    /// Returns the pattern that `text` is, if it is one.
    pub fn find(text: &'a str) -> Option<Self> {
        match text {
            EVERYBODY => Some(Self("*")),
            text => text.contains('*').then_some(Self(text)),
        }
    }

    /// Returns whether it is compared with endpoints (`SIP/1001`) instead of names.
    pub fn has_technology(self) -> bool {
        self.0.contains('/')
    }

    /// Returns whether `name` is one of those that it stands for.
    pub fn matches(self, name: &str) -> bool {
        wildcard::matches(self.0, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_and_names_with_a_star_are_patterns() {
        let matches = |pattern, name| Pattern::find(pattern).map(|found| found.matches(name));
        assert_eq!(matches("all", "1001"), Some(true));
        assert_eq!(matches("2*", "21"), Some(true));
        assert_eq!(matches("2*", "12"), Some(false));
        assert!(Pattern::find("1001").is_none() && Pattern::find("All").is_none());
    }
}
