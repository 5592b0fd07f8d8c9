//! Names that only one section may have.

use std::collections::HashMap;

use handset_phones::phone::ServerName;

use super::diagnostic::Location;
use super::setting::Setting;
use super::validator::Validator;

/// The names used so far, and where.
pub(super) struct UniqueNames {
    sections: &'static str,
    /// By name: the server that each section is for, if it says, and where the section is.
    used: HashMap<String, Vec<(Option<ServerName>, Location)>>,
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
        self.register_of(None, section, name, validator)
    }

    /// As [`register`](Self::register), for a section that may be for one server: others of that name may
    /// be for other servers.
    pub(super) fn register_of(
        &mut self,
        server: Option<&ServerName>,
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
            return self.register_value(server, section, "name", name, validator);
        };
        validator.reject(section, "name", format!("{name:?} {reason}"));
        false
    }

    /// Registers the value of the key `key` for `section`, or reports that it is already used;
    /// returns whether it was registered.
    pub(super) fn register_value(
        &mut self,
        server: Option<&ServerName>,
        section: &Setting,
        key: &str,
        value: &str,
        validator: &mut Validator,
    ) -> bool {
        let used = self.used.entry(value.to_owned()).or_default();
        let is_same = |(other, _): &&(Option<ServerName>, Location)| {
            server.is_none() || other.is_none() || other.as_ref() == server
        };
        if let Some((_, other)) = used.iter().find(is_same) {
            let sections = self.sections;
            let text =
                format!("{value:?} is already the {key} of the {sections} at {other}; keep one");
            validator.reject(section, key, text);
            return false;
        }
        used.push((server.cloned(), section.location_of(key)));
        true
    }
}
