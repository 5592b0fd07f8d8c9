//! Decides which daemon delivers to a phone.
//!
//! The resolver first decides what a name means here, as if there were no other daemons. This module adds
//! what the others announce:
//!
//! - A phone that is known here stays here, unless another daemon reaches the same phone and owns it. The
//!   owner of a phone, whose queue orders its deliveries, is the daemon that leads its Asterisk server, else
//!   the first by name of those that reach it.
//! - A name that is unknown here is looked up among the phones of the others. A name that is an endpoint of a
//!   server here means the phone here, even while that is not registered.
//! - While a server here is away, or does not report its registrations, a name that is configured here, or that
//!   the server had when it last reported, still means the phone here. Any other name means the phone that another
//!   daemon announces, preferably one of the same server: it is known, whereas a phone here cannot be reached.
//!   While the server is reporting, names wait for it.
//! - Patterns and groups stand for the phones of all daemons, each phone once.

mod destination;
mod destinations;
mod names;
mod requested_names;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use handset_phones::phone::{MacAddress, Phone, PhoneNames, ServerName};

use crate::fleet::{AnnouncedPhone, Fleet, PeerPhone, Routes};
use crate::outcome::{Outcome, Status};
use crate::resolver::{NotFound, PhoneRef, PhoneResolver, Resolution, as_announced};
use destinations::Destinations;
use requested_names::RequestedNames;

pub(super) use destination::{Destination, RemotePhone};

/// Finds the destinations of requests.
pub(super) struct Router<'a> {
    pub(super) resolver: &'a PhoneResolver,
    pub(super) routes: &'a dyn Routes,
    /// The server from which the request came.
    pub(super) home: Option<&'a ServerName>,
}

impl Router<'_> {
    /// Returns the destinations of a request for `names`, which the local resolver resolved to `found`.
    pub(super) fn destinations(
        &self,
        found: Vec<Resolution>,
        names: Option<&PhoneNames>,
    ) -> Vec<Destination> {
        let requested = RequestedNames::new(names, self.resolver);
        let mut destinations = Destinations::default();
        for found in found {
            match found {
                Ok(phone) => {
                    let own = as_announced(&phone);
                    destinations.add(None, &own, || self.local_destination(phone.clone()));
                }
                Err(not_found) => self.add_unresolved(not_found, &requested, &mut destinations),
            }
        }
        for name in requested.expandable() {
            self.expand(name, &mut destinations);
        }
        destinations.into_vec()
    }

    /// Returns the destination of a phone that this daemon reaches.
    fn local_destination(&self, phone: Phone) -> Destination {
        let own = as_announced(&phone);
        let others = self.same_phone(&own);
        let order = self.order(&own, &others, true);
        let before: Vec<_> = order.into_iter().map_while(|daemon| daemon).collect();
        if before.is_empty() {
            return Destination::Local(Ok(phone));
        }
        Destination::Remote(Box::new(RemotePhone {
            name: phone.name.clone(),
            vendor: Some(phone.vendor),
            phone_ref: self.resolver.phone_ref(&phone),
            daemons: before,
            local: Some(phone),
        }))
    }

    /// Adds the destinations of a name that matches no phone here.
    fn add_unresolved(
        &self,
        not_found: NotFound,
        requested: &RequestedNames,
        destinations: &mut Destinations,
    ) {
        let name = not_found.outcome.phone.as_str();
        // A server here interprets `hamburg/1001` as an endpoint of its own.
        let (server, _) = self.routes.fleet().split_server(name);
        let is_remote_server = server.is_some_and(|server| !self.resolver.has_server(server));
        let phone_ref = not_found.phone_ref.as_deref().filter(|_| !is_remote_server);
        let text = &phone_ref.map_or(name, PhoneRef::text).to_owned();
        let qualified = requested.server_of(text);
        let own_server = qualified.or_else(|| phone_ref.and_then(PhoneRef::server));
        let is_local_name = match not_found.outcome.status {
            Status::NotFound | Status::Unreachable if is_remote_server => false,
            Status::NotFound => qualified.is_some(),
            // A hardware address belongs to one phone.
            Status::Unreachable if text.parse::<MacAddress>().is_ok() => false,
            Status::Unreachable => qualified.is_some() || self.resolver.is_own(text),
            // No other daemon can interpret it better.
            _ => return destinations.add_local(Err(not_found)),
        };
        let mut found = self.find(text);
        let is_of_server = |peer: &Arc<PeerPhone>| {
            let server = peer.phone.server.as_deref();
            server.is_some_and(|server| match own_server {
                Some(own) => own == server,
                None => self.resolver.has_server(server),
            })
        };
        // Another daemon may reach a server that is away from here.
        let is_away = not_found.outcome.status == Status::Unreachable;
        if is_local_name || is_away && found.iter().any(is_of_server) {
            found.retain(is_of_server);
        }
        if !found.is_empty() {
            return self.add_found(text, found, destinations);
        }
        if is_local_name {
            return destinations.add_local(Err(not_found));
        }
        self.add_unknown(text, not_found, requested, destinations);
    }

    /// Adds the destinations of a name that no phone of any daemon has.
    fn add_unknown(
        &self,
        text: &str,
        not_found: NotFound,
        requested: &RequestedNames,
        destinations: &mut Destinations,
    ) {
        let fleet = self.routes.fleet();
        if !fleet.group(text).is_empty() {
            if requested.is_inserted(text) {
                return destinations.add_local(Err(PhoneResolver::no_group(text).into()));
            }
            return self.expand(text, destinations);
        }
        if requested.is_pattern(text) && self.add_matching(text, destinations) {
            return;
        }
        if let (Some(server), name) = fleet.split_server(text) {
            let phone_ref = PhoneRef::of_server(name, Some(server));
            let daemons = fleet.daemons_of(server);
            return destinations.add_destination(self.destination_at(text, phone_ref, daemons));
        }
        let not_found = match self.routes.unavailable_reason() {
            Some(why) => Self::unknown_while_away(not_found, &why),
            None => not_found,
        };
        destinations.add_local(Err(not_found));
    }

    /// Adds the phones of other daemons that match a name: those of one endpoint, unless phones of several
    /// servers have the name.
    fn add_found(
        &self,
        text: &str,
        mut found: Vec<Arc<PeerPhone>>,
        destinations: &mut Destinations,
    ) {
        let is_at_home = |peer: &Arc<PeerPhone>| {
            self.home.is_some() && self.home.map(ServerName::as_str) == peer.phone.server.as_deref()
        };
        if found.iter().any(is_at_home) {
            found.retain(is_at_home);
        }
        if let Some(outcome) = Self::ambiguous(text, &found) {
            return destinations.add_local(Err(outcome.into()));
        }
        // A softphone at the same endpoint as a desk phone does not count.
        if found.iter().any(|peer| peer.phone.is_reached) {
            found.retain(|peer| peer.phone.is_reached);
        }
        for peer in found {
            destinations.add(Some(&peer.daemon), &peer.phone, || {
                self.remote_destination(&peer.phone)
            });
        }
    }

    /// Returns the outcome if phones of several servers have the name.
    fn ambiguous(text: &str, found: &[Arc<PeerPhone>]) -> Option<Outcome> {
        let first = found.first()?;
        let is_other = |peer: &&Arc<PeerPhone>| {
            let is_same_account =
                first.phone.server.is_some() && first.phone.account() == peer.phone.account();
            !is_same_account && !first.phone.is_same_phone(&peer.phone)
        };
        let others: Vec<_> = found.iter().skip(1).filter(is_other).collect();
        if others.is_empty() {
            return None;
        }
        let mut names = Vec::new();
        for peer in std::iter::once(first).chain(others) {
            let name = match &peer.phone.server {
                Some(_) => peer.phone.qualified_name(),
                None => format!("{} of the daemon {}", peer.phone.name, peer.daemon),
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let more = names.len().saturating_sub(MAX_NAMED);
        names.truncate(MAX_NAMED);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let names = names.join(", ");
        let reason = format!(
            "{text} is the name of several phones: {names}{more}; write the one that is meant, with its server"
        );
        Some(Outcome::at(text, None, Status::Invalid, reason))
    }

    /// Returns the destination of a phone that only other daemons announce.
    fn remote_destination(&self, phone: &AnnouncedPhone) -> Destination {
        let others = self.same_phone(phone);
        let order = self.order(phone, &others, false);
        let daemons: Vec<_> = order.into_iter().flatten().collect();
        let name = self.display_name(phone);
        let mut destination = self.destination_at(&name, PhoneRef::announced(phone), daemons);
        if let Destination::Remote(remote) = &mut destination {
            remote.vendor = phone.vendor.parse().ok();
        }
        destination
    }

    /// Returns the destination of a phone of these daemons, or why it is unreachable if none of them is live.
    fn destination_at(
        &self,
        name: &str,
        phone_ref: PhoneRef,
        daemons: Vec<Arc<str>>,
    ) -> Destination {
        let fleet = self.routes.fleet();
        let away = self.routes.unavailable_reason();
        let (live, lost): (Vec<_>, Vec<_>) = daemons
            .into_iter()
            .partition(|daemon| away.is_none() && fleet.is_live(daemon));
        if !live.is_empty() {
            return Destination::Remote(Box::new(RemotePhone {
                name: name.to_owned(),
                vendor: None,
                phone_ref,
                daemons: live,
                local: None,
            }));
        }
        let daemons = lost.join(" and ");
        let reason = match away {
            Some(why) => format!("{name} is a phone of the daemon {daemons}: {why}"),
            None => {
                format!("{name} is a phone of the daemon {daemons}, which has left the cluster")
            }
        };
        Destination::Local(Err(NotFound {
            outcome: Outcome::at(name, None, Status::Unreachable, reason),
            phone_ref: Some(Box::new(phone_ref)),
        }))
    }

    /// Returns the announcements of the phone by other daemons.
    fn same_phone(&self, phone: &AnnouncedPhone) -> Vec<Arc<PeerPhone>> {
        let fleet = self.routes.fleet();
        let keys = [
            phone.endpoint.as_deref(),
            phone.mac.as_deref(),
            Some(&phone.name),
        ];
        let mut found: Vec<Arc<PeerPhone>> = Vec::new();
        for key in keys.into_iter().flatten() {
            let same = fleet.find(key).into_iter();
            let is_same = |peer: &Arc<PeerPhone>| {
                peer.phone == *phone
                    || peer.phone.is_same_phone(phone)
                    // Registered with only one of them.
                    || !phone.is_reached
                        && phone.account().is_some()
                        && peer.phone.account() == phone.account()
            };
            found.extend(same.filter(is_same));
        }
        found
    }

    /// Orders the daemons that reach a phone, the owner first; `None` is this daemon, if it reaches it. If
    /// none reaches it, these are the daemons that know it. Those that are not live come last.
    fn order(
        &self,
        phone: &AnnouncedPhone,
        others: &[Arc<PeerPhone>],
        is_reached_here: bool,
    ) -> Vec<Option<Arc<str>>> {
        let fleet: &Fleet = self.routes.fleet();
        let server = phone.server.as_deref();
        let is_reached = is_reached_here || others.iter().any(|peer| peer.phone.is_reached);
        let reaching = others
            .iter()
            .filter(|peer| peer.phone.is_reached || !is_reached);
        let is_away = self.routes.unavailable_reason().is_some();
        let key = |daemon: &Arc<str>| {
            let is_live = !is_away && fleet.is_live(daemon);
            let leads = server.is_some_and(|server| fleet.leads(daemon, server));
            (!is_live, !leads, Arc::clone(daemon))
        };
        let others = reaching.map(|peer| (key(&peer.daemon), Some(Arc::clone(&peer.daemon))));
        let leads = server.is_some_and(|server| self.routes.leads(server));
        let own = ((false, !leads, self.routes.own_name().into()), None);
        let own = is_reached_here.then_some(own);
        let mut all: Vec<_> = others.chain(own).collect();
        all.sort();
        all.dedup();
        all.into_iter().map(|(_, daemon)| daemon).collect()
    }

    /// Returns the name of a phone of another daemon, qualified with its server if another phone has the same
    /// name.
    fn display_name(&self, phone: &AnnouncedPhone) -> String {
        let others = self.routes.fleet().find(&phone.name);
        let is_other = |peer: &Arc<PeerPhone>| {
            peer.phone.name == phone.name && peer.phone.server != phone.server
        };
        let is_known_here = || self.resolver.describe(&phone.name, None).is_some();
        if others.iter().any(is_other) || is_known_here() {
            phone.qualified_name()
        } else {
            phone.name.clone()
        }
    }

    /// Returns the outcome for a name that another daemon may know.
    fn unknown_while_away(not_found: NotFound, why: &str) -> NotFound {
        let Outcome { phone, reason, .. } = &not_found.outcome;
        let reason = format!("{reason}; other daemons cannot be asked: {why}");
        NotFound {
            outcome: Outcome::at(phone, None, Status::Unreachable, reason),
            ..not_found
        }
    }
}

/// Returns the daemons that reach the phone of a stored reference, its owner first, including this one if it
/// reaches it.
pub(crate) fn reaching(
    resolver: &PhoneResolver,
    routes: &dyn Routes,
    phone_ref: &PhoneRef,
) -> Vec<Arc<str>> {
    let router = Router {
        resolver,
        routes,
        home: None,
    };
    let own = resolver.resolve_peer_ref(phone_ref).ok();
    let own = own.map(|phone| as_announced(&phone));
    let phone = own.clone().unwrap_or_else(|| phone_ref.to_announced());
    let mut others = router.same_phone(&phone);
    let fleet = routes.fleet();
    others.retain(|peer| peer.phone.is_reached && fleet.is_live(&peer.daemon));
    let order = router.order(&phone, &others, own.is_some());
    let named = order
        .into_iter()
        .map(|daemon| daemon.unwrap_or_else(|| routes.own_name().into()));
    named.collect()
}

/// Maximum number of phones that a reason names; `HANDSET_REASON` has no room for more.
const MAX_NAMED: usize = 3;
