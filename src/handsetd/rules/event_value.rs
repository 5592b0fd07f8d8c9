//! Values that conditions mention.

use std::fmt;

use handset_ami::wire::is_secret;

/// A value that a condition mentions, for display.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EventValue {
    /// Name without `event.`, or the whole of `phone.…` and `now.…`.
    pub name: String,
    /// The value, shortened to 200 characters and redacted if secret; `None` if missing.
    pub value: Option<String>,
}

impl EventValue {
    pub(super) fn new(name: &str, value: Option<&str>) -> Self {
        let shown = |value: &str| {
            if is_secret(name) {
                return "[redacted]".to_owned();
            }
            let mut letters = value.chars();
            let mut shown: String = letters.by_ref().take(MAX_SHOWN).collect();
            if letters.next().is_some() {
                shown.push('…');
            }
            shown
        };
        Self {
            name: name.to_owned(),
            value: value.map(shown),
        }
    }
}

impl fmt::Display for EventValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        let is_whole = ["now.", "phone."]
            .iter()
            .any(|object| name.starts_with(object));
        let object = if is_whole { "" } else { "event." };
        match &self.value {
            Some(value) => write!(f, "{object}{name} is {value:?}"),
            None => write!(f, "{object}{name} is missing"),
        }
    }
}

/// The longest displayed value, in characters.
const MAX_SHOWN: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_conditions_name_them() {
        for (name, value, expected) in [
            ("Queue", Some("a"), "event.Queue is \"a\""),
            ("Queue", None, "event.Queue is missing"),
            ("now.date", Some("2026-12-25"), "now.date is \"2026-12-25\""),
            ("phone.dnd", Some("on"), "phone.dnd is \"on\""),
        ] {
            assert_eq!(EventValue::new(name, value).to_string(), expected);
        }
    }
}
