//! Names that only one section may have.

use std::collections::HashMap;

use super::diagnostic::Location;
use super::setting::Setting;
use super::validator::Validator;

/// The names used so far, and where.
pub(super) struct UniqueNames {
    sections: &'static str,
    used: HashMap<String, Location>,
}

impl UniqueNames {
    /// Creates an empty register of the names of `sections`, such as `[[phone]]`.
    pub(super) fn new(sections: &'static str) -> Self {
        Self {
            sections,
            used: HashMap::new(),
        }
    }

    /// Registers `name` for `section`, or reports that it is invalid or already used; returns
    /// whether it was registered.
    pub(super) fn register(
        &mut self,
        section: &Setting,
        name: &str,
        validator: &mut Validator,
    ) -> bool {
        let reason = if name.is_empty() {
            "must not be empty"
        } else if name.trim() != name {
            "must not begin or end with a blank"
        } else if name.contains('&') {
            "must not contain `&`, which separates names"
        } else if name.chars().any(char::is_control) {
            "must not contain a control character"
        } else {
            return self.register_value(section, "name", name, validator);
        };
        validator.reject(section, "name", format!("{name:?} {reason}"));
        false
    }

    /// Registers the value of the key `key` for `section`, or reports that it is already used;
    /// returns whether it was registered.
    pub(super) fn register_value(
        &mut self,
        section: &Setting,
        key: &str,
        value: &str,
        validator: &mut Validator,
    ) -> bool {
        if let Some(other) = self.used.get(value) {
            let sections = self.sections;
            let text =
                format!("{value:?} is already the {key} of the {sections} at {other}; keep one");
            validator.reject(section, key, text);
            return false;
        }
        self.used.insert(value.to_owned(), section.location_of(key));
        true
    }
}
