//! Configured phones and groups, and the expansion of `phone=`.

mod index;
mod search;
mod target;

use std::collections::{BTreeSet, HashMap};

use super::{Address, Endpoint, Listing, MacAddress, PhoneEntry, ServerName};

use index::Index;

pub use target::Target;

/// The configured phones and groups, and the names of the servers.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    entries: Vec<PhoneEntry>,
    index: Index,
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
        entries: Vec<PhoneEntry>,
        groups: HashMap<String, Vec<String>>,
        servers: Vec<ServerName>,
    ) -> Result<Self, UnknownMember> {
        let (directory, unknown) = Self::lenient(entries, groups, servers);
        match unknown.into_iter().next() {
            Some(unknown) => Err(unknown),
            None => Ok(directory),
        }
    }

    /// Creates a directory as [`new`](Self::new) does, and leaves unknown members of groups out; returns
    /// each of them once.
    pub fn lenient(
        entries: Vec<PhoneEntry>,
        groups: HashMap<String, Vec<String>>,
        servers: Vec<ServerName>,
    ) -> (Self, Vec<UnknownMember>) {
        Self::with_members(entries, groups, servers, Self::is_possible)
    }

    /// Creates a directory as [`lenient`](Self::lenient) does, of one of several daemons: a member of a group
    /// may also be the name of a phone or group of another, with that of a server there.
    pub fn one_of_several(
        entries: Vec<PhoneEntry>,
        groups: HashMap<String, Vec<String>>,
        servers: Vec<ServerName>,
    ) -> (Self, Vec<UnknownMember>) {
        let is_possible = |directory: &Self, member: &str| {
            directory.is_possible(member) || is_name_elsewhere(member)
        };
        Self::with_members(entries, groups, servers, is_possible)
    }

    fn with_members(
        mut entries: Vec<PhoneEntry>,
        groups: HashMap<String, Vec<String>>,
        servers: Vec<ServerName>,
        is_possible: impl Fn(&Self, &str) -> bool,
    ) -> (Self, Vec<UnknownMember>) {
        for entry in &mut entries {
            entry.listing = Listing::Listed;
        }
        let mut directory = Self {
            entries,
            index: Index::default(),
            groups,
            servers,
        };
        let mut unknown: Vec<UnknownMember> = Vec::new();
        for (group, members) in &directory.groups {
            let members = members.iter();
            let members = members.filter(|member| !is_possible(&directory, member));
            let members: BTreeSet<&String> = members.collect();
            unknown.extend(members.into_iter().map(|member| UnknownMember {
                group: group.clone(),
                member: member.clone(),
            }));
        }
        for UnknownMember { group, member } in &unknown {
            if let Some(members) = directory.groups.get_mut(group) {
                members.retain(|other| other != member);
            }
        }
        (directory, unknown)
    }

    /// Returns the members of groups that no `[[phone]]` and no other group is, each with its group: they
    /// are endpoints, if anything.
    pub fn unlisted_members(&self) -> Vec<(&str, &str)> {
        let is_unlisted = |member: &&String| {
            let (server, name) = self.split_server(member);
            !self.groups.contains_key(*member) && self.by_name(name, server).is_none()
        };
        let members = self.groups.iter().flat_map(|(group, members)| {
            let members = members.iter().filter(is_unlisted);
            members.map(|member| (group.as_str(), member.as_str()))
        });
        let mut members: Vec<_> = members.collect();
        members.sort_unstable();
        members
    }

    /// Returns the groups with members of which none is a phone, nor a group that has one: they contain only each
    /// other.
    pub fn groups_without_phones(&self) -> BTreeSet<&str> {
        let filled = self
            .groups
            .iter()
            .filter(|(_, members)| !members.is_empty());
        let mut left: BTreeSet<&str> = filled.map(|(group, _)| group.as_str()).collect();
        loop {
            let has_phone = |group: &&str| {
                let mut members = self.members(group).unwrap_or_default().iter();
                members.any(|member| !left.contains(member.as_str()))
            };
            let (others, rest): (BTreeSet<&str>, _) =
                left.iter().partition(|group| has_phone(group));
            if others.is_empty() {
                return rest;
            }
            left = rest;
        }
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

    /// Returns the members of a group, as they are written; `None` if there is no such group.
    pub fn members(&self, group: &str) -> Option<&[String]> {
        self.groups.get(group).map(Vec::as_slice)
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
        let own = self.at(self.index.of_endpoint(&self.entries, endpoint));
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
        best(self.named(name), server)
    }

    /// Returns the entries of this name.
    fn named(&self, name: &str) -> impl Iterator<Item = &PhoneEntry> + Clone {
        self.at(self.index.named(&self.entries, name))
    }

    /// Returns the entries at positions of the index.
    fn at<'a>(&'a self, positions: &'a [usize]) -> impl Iterator<Item = &'a PhoneEntry> + Clone {
        positions.iter().filter_map(|at| self.entries.get(*at))
    }

    fn by_address(&self, text: &str, server: Option<&ServerName>) -> Option<&PhoneEntry> {
        if let Ok(mac) = text.parse::<MacAddress>() {
            return best(self.at(self.index.of_mac(&self.entries, mac)), server);
        }
        let address: Address = text.parse().ok()?;
        address.ip()?;
        let is_there = |entry: &&PhoneEntry| {
            let port = entry.address.as_ref().and_then(|own| own.port);
            address.port.is_none() || port == address.port
        };
        let entries = self.at(self.index.at_host(&self.entries, &address));
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

/// Returns whether a member of a group may be the name of a phone or group that only another daemon knows.
fn is_name_elsewhere(member: &str) -> bool {
    let is_separator = |c: char| c == '&' || c.is_control();
    let mut parts = member.split('/');
    parts.all(|part| !part.is_empty() && part.trim() == part) && !member.contains(is_separator)
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
