//! Index of the phones, groups and servers that the other daemons announce.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use parking_lot::RwLock;

use super::announced::{AnnouncedGroup, AnnouncedPhone, AnnouncedServer};

/// The announcements of the other daemons. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fleet(Arc<RwLock<Index>>);

/// A phone, and the daemon that announces it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct PeerPhone {
    pub(crate) daemon: Arc<str>,
    pub(crate) phone: AnnouncedPhone,
}

/// An announcement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Announcement {
    Group(AnnouncedGroup),
    Phone(AnnouncedPhone),
    Server(AnnouncedServer),
}

#[derive(Debug, Default)]
struct Index {
    daemons: BTreeMap<Arc<str>, Announced>,
    /// The phones by every key that finds them; see [`keys`].
    found_by: HashMap<String, Vec<Arc<PeerPhone>>>,
    /// The live daemons.
    live: BTreeSet<Arc<str>>,
}

/// The announcements of one daemon, by key.
#[derive(Debug, Default)]
struct Announced {
    phones: HashMap<String, Arc<PeerPhone>>,
    groups: BTreeMap<String, Arc<AnnouncedGroup>>,
    servers: BTreeMap<String, AnnouncedServer>,
}

impl Fleet {
    /// Sets the announcement of a daemon under `key`; `None` removes it. The key of a group or a server is
    /// its name.
    pub(crate) fn set(&self, daemon: &str, key: &str, announcement: Announcement) {
        let mut index = self.0.write();
        match announcement {
            Announcement::Group(group) => {
                let groups = &mut index.of(daemon).groups;
                groups.insert(key.to_owned(), Arc::new(group));
            }
            Announcement::Server(server) => {
                index.of(daemon).servers.insert(key.to_owned(), server);
            }
            Announcement::Phone(phone) => {
                index.remove_phone(daemon, key);
                index.insert_phone(daemon, key, phone);
            }
        }
    }

    /// Removes a phone of a daemon.
    pub(crate) fn remove_phone(&self, daemon: &str, key: &str) {
        self.0.write().remove_phone(daemon, key);
    }

    /// Removes a group of a daemon.
    pub(crate) fn remove_group(&self, daemon: &str, name: &str) {
        self.0.write().of(daemon).groups.remove(name);
    }

    /// Removes a server of a daemon.
    pub(crate) fn remove_server(&self, daemon: &str, name: &str) {
        self.0.write().of(daemon).servers.remove(name);
    }

    /// Sets the live daemons.
    pub(crate) fn set_live(&self, daemons: impl IntoIterator<Item = String>) {
        self.0.write().live = daemons.into_iter().map(Into::into).collect();
    }

    /// Returns whether a daemon is live.
    pub(crate) fn is_live(&self, daemon: &str) -> bool {
        self.0.read().live.contains(daemon)
    }

    /// Returns the phones with this name, endpoint, MAC or IP address.
    pub(crate) fn find(&self, text: &str) -> Vec<Arc<PeerPhone>> {
        let index = self.0.read();
        let mut found = index.found_by.get(text).cloned().unwrap_or_default();
        found.sort_by(|one, other| order(one).cmp(&order(other)));
        found
    }

    /// Returns the phones that `is_meant` selects, by name.
    pub(crate) fn select(&self, is_meant: impl Fn(&AnnouncedPhone) -> bool) -> Vec<Arc<PeerPhone>> {
        let index = self.0.read();
        let all = index.daemons.values();
        let all = all.flat_map(|announced| announced.phones.values());
        let mut found: Vec<_> = all.filter(|peer| is_meant(&peer.phone)).cloned().collect();
        found.sort_by(|one, other| order(one).cmp(&order(other)));
        found
    }

    /// Returns the daemons that have a group of this name, with the members of each.
    pub(crate) fn group(&self, name: &str) -> Vec<(Arc<str>, Arc<AnnouncedGroup>)> {
        let index = self.0.read();
        let of = |(daemon, announced): (&Arc<str>, &Announced)| {
            let group = announced.groups.get(name)?;
            Some((Arc::clone(daemon), Arc::clone(group)))
        };
        index.daemons.iter().filter_map(of).collect()
    }

    /// Splits `berlin/1001` into server and name, if a daemon announces such a server.
    pub(crate) fn split_server<'a>(&self, name: &'a str) -> (Option<&'a str>, &'a str) {
        match name.split_once('/') {
            Some((server, rest)) if !rest.is_empty() && self.has_server(server) => {
                (Some(server), rest)
            }
            _ => (None, name),
        }
    }

    fn has_server(&self, server: &str) -> bool {
        let index = self.0.read();
        let mut all = index.daemons.values();
        all.any(|announced| announced.servers.contains_key(server))
    }

    /// Returns whether a daemon announces any Asterisk server.
    pub(crate) fn has_servers(&self, daemon: &str) -> bool {
        let index = self.0.read();
        let announced = index.daemons.get(daemon);
        announced.is_some_and(|announced| !announced.servers.is_empty())
    }

    /// Returns the daemons that are configured for a server, its leader first.
    pub(crate) fn daemons_of(&self, server: &str) -> Vec<Arc<str>> {
        let index = self.0.read();
        let has = |(daemon, announced): (&Arc<str>, &Announced)| {
            let server = announced.servers.get(server)?;
            Some((!server.is_led, Arc::clone(daemon)))
        };
        let mut found: Vec<_> = index.daemons.iter().filter_map(has).collect();
        found.sort();
        found.into_iter().map(|(_, daemon)| daemon).collect()
    }

    /// Returns whether a daemon says that it leads a server.
    pub(crate) fn leads(&self, daemon: &str, server: &str) -> bool {
        let index = self.0.read();
        let announced = index.daemons.get(daemon);
        let server = announced.and_then(|announced| announced.servers.get(server));
        server.is_some_and(|server| server.is_led)
    }
}

impl Index {
    fn of(&mut self, daemon: &str) -> &mut Announced {
        self.daemons.entry(daemon.into()).or_default()
    }

    fn insert_phone(&mut self, daemon: &str, key: &str, phone: AnnouncedPhone) {
        let peer = Arc::new(PeerPhone {
            daemon: daemon.into(),
            phone,
        });
        for text in keys(&peer.phone) {
            let found = self.found_by.entry(text).or_default();
            found.push(Arc::clone(&peer));
        }
        self.of(daemon).phones.insert(key.to_owned(), peer);
    }

    fn remove_phone(&mut self, daemon: &str, key: &str) {
        let Some(peer) = self.of(daemon).phones.remove(key) else {
            return;
        };
        for text in keys(&peer.phone) {
            if let Some(found) = self.found_by.get_mut(&text) {
                found.retain(|other| !Arc::ptr_eq(other, &peer));
                if found.is_empty() {
                    self.found_by.remove(&text);
                }
            }
        }
    }
}

/// Returns every key that finds a phone: its name, its endpoint with and without technology, its addresses.
fn keys(phone: &AnnouncedPhone) -> BTreeSet<String> {
    let endpoint = phone.endpoint.as_deref();
    let plain = endpoint.and_then(|endpoint| endpoint.split_once('/'));
    let texts = [
        Some(phone.name.as_str()),
        endpoint,
        plain.map(|(_, name)| name),
        phone.mac.as_deref(),
        phone.ip.as_deref(),
    ];
    texts.into_iter().flatten().map(ToOwned::to_owned).collect()
}

/// The order in which lookups return phones.
fn order(peer: &PeerPhone) -> (&str, Option<&str>, Option<&str>, &str) {
    let phone = &peer.phone;
    (
        &phone.name,
        phone.server.as_deref(),
        phone.ip.as_deref(),
        &peer.daemon,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(name: &str, server: &str, ip: &str) -> AnnouncedPhone {
        AnnouncedPhone {
            name: name.to_owned(),
            endpoint: Some(format!("PJSIP/{name}")),
            server: Some(server.to_owned()),
            mac: None,
            ip: Some(ip.to_owned()),
            vendor: "snom".to_owned(),
            is_listed: false,
            is_reached: true,
        }
    }

    fn daemons(found: &[Arc<PeerPhone>]) -> Vec<&str> {
        found.iter().map(|peer| &*peer.daemon).collect()
    }

    #[test]
    fn phones_are_found_by_everything_that_names_them() {
        let fleet = Fleet::default();
        let set = |daemon: &str, phone| fleet.set(daemon, "k", Announcement::Phone(phone));
        set("b", phone("1001", "berlin", "192.0.2.1"));
        set("a", phone("1001", "berlin", "192.0.2.1"));
        for text in ["1001", "PJSIP/1001", "192.0.2.1"] {
            assert_eq!(daemons(&fleet.find(text)), ["a", "b"], "{text}");
        }
        // It has moved.
        set("a", phone("1001", "berlin", "192.0.2.9"));
        assert_eq!(daemons(&fleet.find("192.0.2.1")), ["b"]);
        assert_eq!(daemons(&fleet.find("192.0.2.9")), ["a"]);
        fleet.remove_phone("a", "k");
        fleet.remove_phone("b", "k");
        assert!(fleet.find("1001").is_empty() && fleet.0.read().found_by.is_empty());
    }

    #[test]
    fn leader_of_a_server_comes_first() {
        let fleet = Fleet::default();
        let set = |daemon: &str, is_led| {
            fleet.set(
                daemon,
                "berlin",
                Announcement::Server(AnnouncedServer { is_led }),
            );
        };
        for daemon in ["c", "b", "a"] {
            set(daemon, daemon == "b");
        }
        let order: Vec<_> = fleet.daemons_of("berlin");
        assert_eq!(order, ["b".into(), "a".into(), "c".into()]);
        assert!(fleet.leads("b", "berlin") && !fleet.leads("a", "berlin"));
        assert_eq!(fleet.split_server("berlin/21"), (Some("berlin"), "21"));
        assert_eq!(fleet.split_server("PJSIP/21"), (None, "PJSIP/21"));
        assert_eq!(fleet.split_server("berlin/"), (None, "berlin/"));
    }
}
