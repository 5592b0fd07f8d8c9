//! Configured phones and groups, and the expansion of `phone=`.

mod search;
mod target;

use std::collections::HashMap;

use super::{Address, Endpoint, Listing, MacAddress, PhoneEntry, ServerName};

pub use target::Target;

/// The configured phones and groups, and the names of the servers.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    entries: Vec<PhoneEntry>,
    groups: HashMap<String, Vec<String>>,
    servers: Vec<ServerName>,
}

impl Directory {
    /// Creates a directory. Its entries are listed.
    ///
    /// A group may contain itself, also indirectly; it has each of its phones once.
    ///
    /// # Errors
    ///
    /// Returns an error if a member of a group is not a phone, a group or an endpoint.
    pub fn new(
        mut entries: Vec<PhoneEntry>,
        groups: HashMap<String, Vec<String>>,
        servers: Vec<ServerName>,
    ) -> Result<Self, UnknownMember> {
        for entry in &mut entries {
            entry.listing = Listing::Listed;
        }
        let directory = Self {
            entries,
            groups,
            servers,
        };
        for (group, members) in &directory.groups {
            for member in members {
                if !directory.is_possible(member) {
                    return Err(UnknownMember {
                        group: group.clone(),
                        member: member.clone(),
                    });
                }
            }
        }
        Ok(directory)
    }

    /// Returns whether a member of a group is known, or may be an endpoint.
    fn is_possible(&self, member: &str) -> bool {
        let (server, name) = self.split_server(member);
        self.groups.contains_key(member)
            || self.by_name(name, server).is_some()
            || is_endpoint(name)
    }

    /// Returns the entries, in the order of the configuration.
    pub fn entries(&self) -> &[PhoneEntry] {
        &self.entries
    }

    /// Returns the names of the groups, unordered.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    /// Returns the names of the servers, in the order of the configuration.
    pub fn servers(&self) -> &[ServerName] {
        &self.servers
    }

    /// Returns whether names may be those of several phones.
    pub fn has_several_servers(&self) -> bool {
        self.servers.len() > 1
    }

    /// Returns the entry of `endpoint` of a server, or an unlisted one.
    pub fn of_endpoint(&self, endpoint: &Endpoint, server: Option<&ServerName>) -> PhoneEntry {
        let entries = self.entries.iter();
        let own = entries.filter(|entry| entry.endpoint.as_ref() == Some(endpoint));
        let known = best(own, server).cloned();
        known
            .unwrap_or_else(|| PhoneEntry::unlisted(endpoint.clone()))
            .at(server)
    }

    /// Splits `berlin/1001` into server and name, if there is such a server.
    pub fn split_server<'a>(&self, name: &'a str) -> (Option<&ServerName>, &'a str) {
        let split = |server: &ServerName| server.strip(name).filter(|rest| !rest.is_empty());
        let found = self.servers.iter().find(|server| split(server).is_some());
        let rest = found.and_then(split);
        (found, rest.unwrap_or(name))
    }

    fn by_name(&self, name: &str, server: Option<&ServerName>) -> Option<&PhoneEntry> {
        best(
            self.entries.iter().filter(|entry| entry.name == name),
            server,
        )
    }

    fn by_address(&self, text: &str, server: Option<&ServerName>) -> Option<&PhoneEntry> {
        let entries = self.entries.iter();
        if let Ok(mac) = text.parse::<MacAddress>() {
            return best(entries.filter(|entry| entry.mac == Some(mac)), server);
        }
        let address: Address = text.parse().ok()?;
        address.ip()?;
        let is_there = |entry: &&PhoneEntry| {
            entry.address.as_ref().is_some_and(|own| {
                own.host == address.host && (address.port.is_none() || own.port == address.port)
            })
        };
        best(entries.filter(is_there), server)
    }
}

/// Returns the entry of a server, else one that may be of any server.
fn best<'a>(
    entries: impl Iterator<Item = &'a PhoneEntry> + Clone,
    server: Option<&ServerName>,
) -> Option<&'a PhoneEntry> {
    let Some(server) = server else {
        return entries.into_iter().next();
    };
    let mut own = entries
        .clone()
        .filter(|entry| entry.server.as_ref() == Some(server));
    let mut general = entries.filter(|entry| entry.server.is_none());
    own.next().or_else(|| general.next())
}

/// Returns whether a member of a group may be an endpoint. One with blanks is more likely a misspelt
/// name, unless its technology is written.
fn is_endpoint(member: &str) -> bool {
    let is_plain = member.contains('/') || !member.contains(char::is_whitespace);
    is_plain && member.parse::<Endpoint>().is_ok()
}

/// A group with an unknown member.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "unknown member {member:?} of group {group:?}; use a [[phone]], a [[group]] or an endpoint"
)]
pub struct UnknownMember {
    /// The group.
    pub group: String,
    /// Its member.
    pub member: String,
}

#[cfg(test)]
mod tests;
