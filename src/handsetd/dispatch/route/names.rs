//! Names of several phones: patterns and groups.

use std::collections::BTreeSet;
use std::sync::Arc;

use handset_phones::phone::{Pattern, PhoneNames};

use super::Router;
use super::destinations::Destinations;
use super::requested_names::RequestedNames;
use crate::fleet::{AnnouncedPhone, PeerPhone};
use crate::resolver::{PhoneRef, as_announced};

impl Router<'_> {
    /// Adds the phones of other daemons that a written name stands for, if it is a group or a pattern. Its
    /// local meaning is resolved already.
    pub(super) fn expand(&self, name: &str, destinations: &mut Destinations) {
        for (daemon, group) in self.routes.fleet().group(name) {
            let mut visited = BTreeSet::from([name.to_owned()]);
            for member in &group.members {
                self.expand_member(&daemon, member, &mut visited, destinations);
            }
        }
        if !self.resolver.names_listed_phone(name) && self.resolver.members(name).is_none() {
            self.add_matching(name, destinations);
        }
    }

    /// Adds the phones of a member of another daemon's group, as that daemon understands the name.
    fn expand_member(
        &self,
        daemon: &Arc<str>,
        member: &str,
        visited: &mut BTreeSet<String>,
        destinations: &mut Destinations,
    ) {
        if !visited.insert(member.to_owned()) {
            return;
        }
        let fleet = self.routes.fleet();
        let groups = fleet.group(member).into_iter();
        let own: Vec<_> = groups.filter(|(of, _)| of == daemon).collect();
        if !own.is_empty() {
            for (_, group) in own {
                for member in &group.members {
                    self.expand_member(daemon, member, visited, destinations);
                }
            }
            return;
        }
        if RequestedNames::names_pattern(member) {
            let local = self.resolver.find(&PhoneNames::from(member), None);
            for phone in local.into_iter().flatten() {
                let own = as_announced(&phone);
                destinations.add(None, &own, || self.local_destination(phone.clone()));
            }
            self.add_matching(member, destinations);
            return;
        }
        let found = self.find(member);
        let there: Vec<_> = found
            .iter()
            .filter(|peer| peer.daemon == *daemon)
            .cloned()
            .collect();
        if !there.is_empty() {
            return self.add_found(member, there, destinations);
        }
        let (server, _) = fleet.split_server(member);
        if server.is_none() && fleet.has_servers(daemon) {
            // An endpoint of its Asterisk that is not registered; that daemon knows better.
            let phone_ref = PhoneRef::of_server(member, None);
            let name = member.to_owned();
            let destination = self.destination_at(&name, phone_ref, vec![Arc::clone(daemon)]);
            return destinations.add_destination(destination);
        }
        let names = PhoneNames::inserted(member);
        for found in self.resolver.find(&names, None) {
            let requested = RequestedNames::new(Some(&names), self.resolver);
            match found {
                Ok(phone) => {
                    let own = as_announced(&phone);
                    destinations.add(None, &own, || self.local_destination(phone.clone()));
                }
                Err(not_found) => self.add_unresolved(not_found, &requested, destinations),
            }
        }
    }

    /// Adds the phones of other daemons that match a pattern: those of the server that the request came from,
    /// if any, as for local phones. Returns whether the name is a pattern with matches.
    pub(super) fn add_matching(&self, text: &str, destinations: &mut Destinations) -> bool {
        let (own, rest) = self.resolver.split_server(text);
        let (server, rest) = if own.is_some() {
            (own, rest)
        } else {
            let (server, rest) = self.routes.fleet().split_server(text);
            (server.map(ToOwned::to_owned), rest)
        };
        let server = server.or_else(|| self.home.map(ToString::to_string));
        let Some(pattern) = Pattern::find(rest) else {
            return false;
        };
        let is_meant = |phone: &AnnouncedPhone| {
            let is_desk_phone = phone.is_listed || phone.is_reached;
            let is_there = server.is_none() || phone.server == server;
            let endpoint = phone.endpoint.as_deref();
            let is_called = if pattern.has_technology() {
                endpoint.is_some_and(|endpoint| pattern.matches(endpoint))
            } else {
                pattern.matches(&phone.name)
            };
            is_desk_phone && is_there && is_called
        };
        let found = self.routes.fleet().select(is_meant);
        // Reachable ones first, so that a phone that is registered with some daemons only is included once.
        let (reached, others): (Vec<_>, Vec<_>) =
            found.iter().partition(|peer| peer.phone.is_reached);
        for peer in reached.into_iter().chain(others) {
            destinations.add(Some(&peer.daemon), &peer.phone, || {
                self.remote_destination(&peer.phone)
            });
        }
        !found.is_empty()
    }

    /// Returns the phones of other daemons with this name, endpoint or address, optionally qualified with a
    /// server.
    pub(super) fn find(&self, text: &str) -> Vec<Arc<PeerPhone>> {
        let fleet = self.routes.fleet();
        let (server, name) = fleet.split_server(text);
        let mut found = fleet.find(&canonical(name));
        if let Some(server) = server {
            found.retain(|peer| peer.phone.server.as_deref() == Some(server));
        }
        found
    }
}

/// Returns an address in the notation of announcements; other names unchanged.
fn canonical(name: &str) -> String {
    if let Ok(mac) = name.parse::<handset_phones::phone::MacAddress>() {
        return mac.to_string();
    }
    match name.parse::<std::net::IpAddr>() {
        Ok(ip) => ip.to_canonical().to_string(),
        Err(_) => name.to_owned(),
    }
}
