//! The search for the targets of `phone=`.

use std::collections::HashSet;
use std::net::IpAddr;

use super::{Directory, Target};
use crate::phone::pattern::Pattern;
use crate::phone::{
    Endpoint, MacAddress, PhoneEntry, PhoneName, PhoneNames, Registered, ServerName, Technology,
    endpoint_of_channel,
};

impl Directory {
    /// Returns the targets of `phone=`: groups replaced by their members, `all` and patterns by the
    /// phones that they stand for, each phone once. A name without a server means the phone of `home`,
    /// if that has one.
    pub fn find(
        &self,
        names: &PhoneNames,
        home: Option<&ServerName>,
        registered: &impl Registered,
    ) -> Vec<Target> {
        Search::new(self, home, registered).find(names)
    }

    /// Returns the servers other than `server` that have a phone of this name, which is not the same
    /// phone.
    pub fn namesakes(
        &self,
        name: &str,
        server: &ServerName,
        registered: &impl Registered,
    ) -> Vec<ServerName> {
        if !self.has_several_servers() {
            return Vec::new();
        }
        Search::new(self, None, registered).namesakes(name, server)
    }

    /// Returns the server of the phone of an entry, if it is clear.
    pub fn server_of(
        &self,
        entry: &PhoneEntry,
        registered: &impl Registered,
    ) -> Option<ServerName> {
        if let [only] = self.servers.as_slice() {
            return Some(only.clone());
        }
        let mut servers = Search::new(self, None, registered)
            .servers_of(entry)
            .into_iter();
        let first = servers.next();
        first.filter(|_| servers.next().is_none())
    }

    /// Returns the servers whose phone an entry may be, if it does not say which and the address in it
    /// can be that of one phone only.
    pub fn doubts(&self, entry: &PhoneEntry, registered: &impl Registered) -> Vec<ServerName> {
        let is_one = entry.address.is_some() || entry.mac.is_some();
        if !self.has_several_servers() || !is_one || !entry.listing.is_named() {
            return Vec::new();
        }
        let mut namesakes = self.named(&entry.name);
        if namesakes.any(|known| known.endpoint == entry.endpoint && known.server.is_some()) {
            return Vec::new();
        }
        let entry = PhoneEntry {
            server: None,
            ..entry.clone()
        };
        let servers = Search::new(self, None, registered).servers_of(&entry);
        if servers.len() > 1 {
            servers
        } else {
            Vec::new()
        }
    }
}

/// A search for the targets of `phone=`.
struct Search<'a, R> {
    directory: &'a Directory,
    /// The server whose phones names without a server mean.
    home: Option<&'a ServerName>,
    registered: &'a R,
    /// The names that were expanded.
    seen: HashSet<&'a str>,
    /// The registered desk phones, once they are needed.
    desk_phones: Option<Vec<(ServerName, Endpoint)>>,
    targets: Vec<Target>,
}

impl<'a, R: Registered> Search<'a, R> {
    fn new(directory: &'a Directory, home: Option<&'a ServerName>, registered: &'a R) -> Self {
        // An event of a server that is no longer configured means any phone.
        let home = home.filter(|home| directory.servers.contains(home));
        let is_only = !directory.has_several_servers();
        Self {
            directory,
            home: home.or_else(|| directory.servers.first().filter(|_| is_only)),
            registered,
            seen: HashSet::new(),
            desk_phones: None,
            targets: Vec::new(),
        }
    }

    /// Returns the targets of names, each phone once.
    fn find(mut self, names: &'a PhoneNames) -> Vec<Target> {
        for name in names.iter() {
            match name {
                PhoneName::Inserted(name) => {
                    let target = self.single(name);
                    self.targets.push(target);
                }
                PhoneName::Written(name) => self.expand(name),
            }
        }
        let mut targets = self.targets;
        let mut phones = HashSet::with_capacity(targets.len());
        targets.retain(|target| phones.insert(target.identity()));
        targets
    }

    /// Adds the targets of a written name.
    fn expand(&mut self, text: &'a str) {
        // Visiting each name once also terminates for a group that contains itself.
        if !self.seen.insert(text) {
            return;
        }
        let directory = self.directory;
        if let Some(members) = directory.groups.get(text) {
            self.seen.reserve(members.len());
            self.targets.reserve(members.len());
            return members.iter().for_each(|member| self.expand(member));
        }
        let target = self.target(text);
        let is_phone = match &target {
            Target::Plain(_) | Target::Unknown { .. } => false,
            Target::Unlisted(_) => !directory.split_server(text).1.contains('/'),
            _ => true,
        };
        match Pattern::find(directory.split_server(text).1) {
            Some(pattern) if !is_phone => self.expand_pattern(pattern, text),
            _ => self.targets.push(target),
        }
    }

    /// Adds the configured phones that a pattern stands for, then the registered ones.
    fn expand_pattern(&mut self, pattern: Pattern<'_>, text: &str) {
        let before = self.targets.len();
        let directory = self.directory;
        let server = directory.split_server(text).0.or(self.home);
        let is_meant = |name: &str, endpoint: Option<&Endpoint>| {
            if pattern.has_technology() {
                endpoint.is_some_and(|endpoint| pattern.matches(&endpoint.to_string()))
            } else {
                pattern.matches(name)
            }
        };
        for entry in &directory.entries {
            if is_meant(&entry.name, entry.endpoint.as_ref()) {
                let phones = self.phones_of(entry, server);
                self.targets.extend(phones);
            }
        }
        let registered = self.registered;
        let desk_phones = self
            .desk_phones
            .get_or_insert_with(|| registered.desk_phones());
        let mut unlisted: Vec<(&ServerName, PhoneEntry)> = Vec::new();
        for (own, endpoint) in desk_phones.iter() {
            let is_here = server.is_none_or(|server| server == own);
            if !is_here || !is_meant(endpoint.name(), Some(endpoint)) {
                continue;
            }
            let entry = directory.of_endpoint(endpoint, Some(own));
            let is_known = entry.listing.is_named()
                || unlisted.iter().any(|(other, known)| {
                    known.endpoint == entry.endpoint
                        && registered.is_one_phone(endpoint, [own, other])
                });
            if !is_known {
                unlisted.push((own, entry));
            }
        }
        let unlisted = unlisted.into_iter();
        let unlisted = unlisted.map(|(_, entry)| Target::Unlisted(entry));
        self.targets.extend(unlisted);
        if self.targets.len() == before {
            self.targets.push(Target::NoMatch(text.to_owned()));
        }
    }

    /// Returns the phones of an entry at a server, or at all of them.
    fn phones_of(&self, entry: &PhoneEntry, server: Option<&ServerName>) -> Vec<Target> {
        let listed = |server: Option<&ServerName>| self.placed(entry.clone().at(server));
        let servers = self.servers_of(entry);
        match server {
            Some(server) if servers.contains(server) => vec![listed(Some(server))],
            // It may register here.
            Some(server) if servers.is_empty() => vec![listed(Some(server))],
            Some(_) => Vec::new(),
            None if servers.is_empty() => vec![listed(None)],
            None => servers.iter().map(|server| listed(Some(server))).collect(),
        }
    }

    /// Returns the servers that have a phone of an entry, one for each phone.
    fn servers_of(&self, entry: &PhoneEntry) -> Vec<ServerName> {
        let has = |server: &&ServerName| match &entry.server {
            Some(own) => own == *server,
            None => self.has(entry, server),
        };
        let servers = self.directory.servers.iter().filter(has);
        self.one_for_each_phone(servers.map(|server| (server, entry.endpoint.clone())))
    }

    fn has(&self, entry: &PhoneEntry, server: &ServerName) -> bool {
        let endpoint = entry.endpoint.as_ref();
        endpoint.is_some_and(|endpoint| self.registered.has(endpoint, server))
    }

    /// Returns the servers that have a phone of this name, one for each phone.
    fn servers_with(&self, name: &str) -> Vec<ServerName> {
        let directory = self.directory;
        let on = |server: &'a ServerName| {
            let target = self.on(name, Some(server));
            let entry = target.entry()?;
            let own = entry.endpoint.as_ref();
            let is_written = directory.named(&entry.name).any(|known| {
                known.server.as_ref() == Some(server) && known.endpoint.as_ref() == own
            });
            (is_written || self.has(entry, server)).then(|| (server, entry.endpoint.clone()))
        };
        self.one_for_each_phone(directory.servers.iter().filter_map(on))
    }

    /// Leaves out servers whose phone is also that of an earlier one.
    fn one_for_each_phone<'s>(
        &self,
        servers: impl Iterator<Item = (&'s ServerName, Option<Endpoint>)>,
    ) -> Vec<ServerName> {
        let mut found: Vec<(&ServerName, Option<Endpoint>)> = Vec::new();
        for (server, endpoint) in servers {
            let is_same = |(other, of_other): &(&ServerName, Option<Endpoint>)| {
                let endpoint = endpoint.as_ref().filter(|_| *of_other == endpoint);
                endpoint
                    .is_some_and(|endpoint| self.registered.is_one_phone(endpoint, [server, other]))
            };
            let known = found.iter().position(is_same);
            match known {
                None => found.push((server, endpoint)),
                // Of several servers with the same phone, the own one.
                Some(at) if self.home == Some(server) => {
                    if let Some(known) = found.get_mut(at) {
                        *known = (server, endpoint);
                    }
                }
                Some(_) => {}
            }
        }
        found
            .into_iter()
            .map(|(server, _)| server.clone())
            .collect()
    }

    /// Returns the servers other than `server` that have another phone of this name.
    fn namesakes(mut self, name: &str, server: &'a ServerName) -> Vec<ServerName> {
        self.home = Some(server);
        let mut servers = self.servers_with(name);
        servers.retain(|other| other != server);
        servers
    }

    /// Returns the target of a name that must be that of one phone.
    fn single(&self, text: &str) -> Target {
        if self.directory.groups.contains_key(text) {
            return Target::Group(text.to_owned());
        }
        self.target(text)
    }

    fn target(&self, text: &str) -> Target {
        let target = match self.directory.split_server(text) {
            (Some(server), name) => self.on(name, Some(server)),
            (None, name) if self.directory.has_several_servers() => self.anywhere(name),
            (None, name) => self.on(name, self.home),
        };
        match target {
            Target::Listed(entry) => self.placed(entry),
            other => other,
        }
    }

    /// Returns the target of a name that phones of several servers may have.
    fn anywhere(&self, name: &str) -> Target {
        let mut servers = self.servers_with(name);
        match (self.home, servers.as_slice()) {
            (Some(home), servers) if servers.contains(home) => self.on(name, Some(home)),
            (home, []) => self.on(name, home),
            (_, [only]) => self.on(name, Some(only)),
            _ => Target::Ambiguous {
                name: name.to_owned(),
                servers: std::mem::take(&mut servers),
            },
        }
    }

    /// Returns a configured phone, unless it is doubtful whose it is.
    fn placed(&self, entry: PhoneEntry) -> Target {
        let servers = self.directory.doubts(&entry, self.registered);
        if servers.is_empty() {
            return Target::Listed(entry);
        }
        Target::Unplaced {
            name: entry.name,
            servers,
        }
    }

    /// Returns whether an endpoint that is configured or registered has exactly this name.
    fn is_called(&self, text: &str, server: Option<&ServerName>) -> bool {
        let Ok(endpoint) = text.parse::<Endpoint>() else {
            return false;
        };
        let entry = self.directory.of_endpoint(&endpoint, server);
        let registered = self.registered.endpoint(endpoint.name(), server);
        entry.listing.is_named() || registered.is_some_and(|registered| registered == endpoint)
    }

    /// Returns the target of a name at a server, or at any. The name of a channel is that of its endpoint.
    fn on(&self, text: &str, server: Option<&ServerName>) -> Target {
        let directory = self.directory;
        let known = directory
            .by_name(text, server)
            .or_else(|| directory.by_address(text, server));
        if let Some(entry) = known {
            return Target::Listed(entry.clone().at(server));
        }
        if let Some(endpoint) = endpoint_of_channel(text)
            && !self.is_called(text, server)
        {
            return self.on(endpoint, server);
        }
        let is_address = text.parse::<IpAddr>().is_ok() || text.parse::<MacAddress>().is_ok();
        // A slash may belong to the name, as in `a/b`. An `&` separates names, but may belong to an
        // endpoint that a stored reference names with its technology.
        let with_technology = text
            .split_once('/')
            .is_some_and(|(start, _)| start.parse::<Technology>().is_ok());
        let endpoint = text
            .parse::<Endpoint>()
            .or_else(|_| Endpoint::new(Technology::Pjsip, text));
        let is_endpoint = !is_address && (with_technology || !text.contains('&'));
        let Some(endpoint) = endpoint.ok().filter(|_| is_endpoint) else {
            return Target::Unknown {
                text: text.to_owned(),
                server: server.cloned(),
            };
        };
        let entry = |endpoint: &Endpoint| directory.of_endpoint(endpoint, server);
        let found = |entry: PhoneEntry| {
            if entry.listing.is_named() {
                Target::Listed(entry)
            } else {
                Target::Unlisted(entry)
            }
        };
        if text.contains('/') {
            return found(entry(&endpoint));
        }
        let default = entry(&endpoint);
        match self.registered.endpoint(text, server) {
            _ if default.listing.is_named() => Target::Listed(default),
            Some(registered) => found(entry(&registered)),
            None => Target::Plain(default),
        }
    }
}
