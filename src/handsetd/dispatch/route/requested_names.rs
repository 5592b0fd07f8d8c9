//! The names that a request is for, as written.

use std::collections::{BTreeMap, BTreeSet};

use handset_phones::phone::{Pattern, PhoneName, PhoneNames};

use crate::resolver::PhoneResolver;

/// The names of a request, including the members of this daemon's groups.
pub(super) struct RequestedNames {
    names: BTreeSet<String>,
    /// Values of events, each of which names one phone.
    inserted: BTreeSet<String>,
    /// The servers of this daemon that qualify names, by the unqualified name.
    servers: BTreeMap<String, String>,
}

impl RequestedNames {
    pub(super) fn new(names: Option<&PhoneNames>, resolver: &PhoneResolver) -> Self {
        let mut all = Self {
            names: BTreeSet::new(),
            inserted: BTreeSet::new(),
            servers: BTreeMap::new(),
        };
        for name in names.into_iter().flat_map(PhoneNames::iter) {
            match name {
                PhoneName::Inserted(name) => {
                    all.note_server(name, resolver);
                    all.inserted.insert(name.clone());
                }
                PhoneName::Written(name) => all.add(name, resolver),
            }
        }
        all
    }

    fn add(&mut self, name: &str, resolver: &PhoneResolver) {
        // Terminates for a group that contains itself, too.
        if self.names.insert(name.to_owned()) {
            self.note_server(name, resolver);
            for member in resolver.members(name).unwrap_or_default() {
                self.add(&member, resolver);
            }
        }
    }

    fn note_server(&mut self, name: &str, resolver: &PhoneResolver) {
        if let (Some(server), rest) = resolver.split_server(name) {
            // The name of an endpoint is found without its technology.
            let plain = rest.split_once('/').map_or(rest, |(_, plain)| plain);
            for rest in [rest, plain] {
                self.servers.insert(rest.to_owned(), server.clone());
            }
        }
    }

    /// Returns the server of this daemon that qualifies a name, unless the name is also written unqualified.
    pub(super) fn server_of(&self, name: &str) -> Option<&str> {
        let is_plain = self.names.contains(name) || self.inserted.contains(name);
        self.servers
            .get(name)
            .filter(|_| !is_plain)
            .map(String::as_str)
    }

    /// Returns whether the name is only a value of an event, and not also written.
    pub(super) fn is_inserted(&self, name: &str) -> bool {
        self.inserted.contains(name) && !self.names.contains(name)
    }

    /// Returns whether a written name is `all` or contains a `*`.
    pub(super) fn is_pattern(&self, name: &str) -> bool {
        Self::names_pattern(name) && !self.is_inserted(name)
    }

    pub(super) fn names_pattern(name: &str) -> bool {
        let (_, rest) = name.rsplit_once('/').unwrap_or(("", name));
        Pattern::find(rest).is_some()
    }

    /// Returns the names that may stand for several phones.
    pub(super) fn expandable(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}
