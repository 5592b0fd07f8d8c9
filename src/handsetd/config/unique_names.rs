//! Names that only one section may have.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::iter::successors;

use handset_phones::phone::ServerName;

use super::diagnostic::Location;
use super::setting::Setting;
use super::validator::Validator;

/// The names used so far, and where.
pub(super) struct UniqueNames {
    sections: &'static str,
    used: HashMap<Box<str>, Use>,
}

/// Where a name is used, and for which server, if the section says.
struct Use {
    server: Option<ServerName>,
    location: Location,
    /// A use for another server.
    next: Option<Box<Self>>,
}

impl UniqueNames {
    /// Creates an empty register of the names of `sections`, such as `[[phone]]`.
    pub(super) fn new(sections: &'static str) -> Self {
        Self::with_capacity(sections, 0)
    }

    /// Creates an empty register for about so many names.
    pub(super) fn with_capacity(sections: &'static str, capacity: usize) -> Self {
        Self {
            sections,
            used: HashMap::with_capacity(capacity),
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
        let new = Use {
            server: server.cloned(),
            location: section.location_of(key),
            next: None,
        };
        let known = match self.used.entry(Box::from(value)) {
            Entry::Vacant(unused) => {
                unused.insert(new);
                return true;
            }
            Entry::Occupied(known) => known.into_mut(),
        };
        let is_same = |known: &&Use| {
            server.is_none() || known.server.is_none() || known.server.as_ref() == server
        };
        let mut uses = successors(Some(&*known), |known| known.next.as_deref());
        if let Some(Use { location, .. }) = uses.find(is_same) {
            let sections = self.sections;
            let text =
                format!("{value:?} is already the {key} of the {sections} at {location}; keep one");
            validator.reject(section, key, text);
            return false;
        }
        known.next = Some(Box::new(Use {
            next: known.next.take(),
            ..new
        }));
        true
    }
}
