//! Firmware versions.

use std::fmt;

/// A firmware version: numbers separated by dots.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Firmware(String);

impl Firmware {
    /// Creates a version from the phone's text; other characters than letters, digits, `.`, `-` and `_`
    /// are dropped.
    pub fn new(text: &str) -> Self {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let allowed = text.chars().filter(|c| is_allowed(*c));
        Self(allowed.take(MAX_LENGTH).collect())
    }

    pub(super) fn first_word(text: &str) -> Self {
        let end = |c: char| c.is_whitespace() || matches!(c, ';' | '(' | ')');
        Self::new(text.split(end).next().unwrap_or_default())
    }

    /// Returns the version as the phone reports it; empty if unknown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the version is known and older than `parts`: `[8, 4, 32]` is 8.4.32.
    pub fn is_older_than(&self, parts: &[u32]) -> bool {
        let own: Vec<u32> = self
            .0
            .split('.')
            .map_while(|part| part.parse().ok())
            .collect();
        !own.is_empty() && own.as_slice() < parts
    }
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// More than any phone reports.
const MAX_LENGTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn firmware_is_compared_by_number() {
        let old = |text: &str| Firmware::new(text).is_older_than(&[8, 4, 32]);
        assert!(old("8.4.4") && old("7.3.30"));
        assert!(!old("8.4.32") && !old("10.1.33.33") && !old("8.10"));
        assert!(!old(""), "unknown firmware counts as current");
    }
}
