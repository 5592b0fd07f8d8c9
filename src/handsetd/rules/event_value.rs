//! Values that conditions mention.

use std::fmt;

use handset_ami::wire::is_secret;

/// A value that a condition mentions, for display.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EventValue {
    /// Name without `event.`, or the whole of `phone.…`.
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
        match &self.value {
            Some(value) if name.starts_with("phone.") => write!(f, "{name} is {value:?}"),
            Some(value) => write!(f, "event.{name} is {value:?}"),
            None => write!(f, "event.{name} is missing"),
        }
    }
}

/// The longest displayed value, in characters.
const MAX_SHOWN: usize = 200;
