//! Resolves names to phones, from configuration and roster. No I/O.

mod absence;
mod announcing;
mod claimants;
mod csta_phones;
mod desk_phones;
mod named_phone;
mod own_names;
mod phone_ref;
mod reference;
mod servers;
mod speaker;
mod summary;

pub(crate) use announcing::as_announced;
pub(crate) use named_phone::NamedPhone;
pub(crate) use phone_ref::PhoneRef;
pub(crate) use speaker::Claims;
pub(crate) use summary::PhoneSummary;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use handset_phones::phone::{
    Directory, Endpoint, MacAddress, Phone, PhoneEntry, PhoneNames, RegistrationInfo, ServerName,
    Target, VendorDefaultsMap,
};
use parking_lot::RwLock;

use crate::outcome::{Outcome, Status};
use crate::roster::Roster;
use crate::uacsta::Sessions;

/// Resolves names to phones. Cheap to clone; [`replace`](Self::replace) affects all clones.
#[derive(Clone)]
pub(crate) struct PhoneResolver {
    known: Arc<RwLock<Arc<Known>>>,
    roster: Roster,
    /// Phones that register with handsetd itself.
    sessions: Sessions,
}

/// The configured part.
struct Known {
    directory: Arc<Directory>,
    defaults: VendorDefaultsMap,
}

/// A phone, or why it was not found.
pub(crate) type Resolution = Result<Phone, NotFound>;

/// A phone that cannot be found.
#[derive(Clone, Debug)]
pub(crate) struct NotFound {
    /// The outcome of a request to it.
    pub outcome: Outcome,
    /// Finds the phone if it registers later; `None` if no phone can register by that name.
    pub phone_ref: Option<Box<PhoneRef>>,
}

impl From<Outcome> for NotFound {
    /// Creates one that no later registration can resolve.
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            phone_ref: None,
        }
    }
}

impl From<NotFound> for Outcome {
    fn from(not_found: NotFound) -> Self {
        not_found.outcome
    }
}

impl PhoneResolver {
    /// Creates a resolver of configured and registered phones.
    pub(crate) fn new(
        directory: impl Into<Arc<Directory>>,
        roster: Roster,
        defaults: VendorDefaultsMap,
    ) -> Self {
        let known = Known {
            directory: directory.into(),
            defaults,
        };
        Self {
            known: Arc::new(RwLock::new(Arc::new(known))),
            roster,
            sessions: Sessions::default(),
        }
    }

    /// Also finds phones by their registrations for CSTA sessions.
    #[must_use]
    pub(crate) fn with_sessions(self, sessions: Sessions) -> Self {
        Self { sessions, ..self }
    }

    /// Replaces the configuration. Phones that were resolved before are unaffected.
    pub(crate) fn replace(&self, directory: Arc<Directory>, defaults: VendorDefaultsMap) {
        let known = Known {
            directory,
            defaults,
        };
        *self.known.write() = Arc::new(known);
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read())
    }

    /// Returns the targets that `phone=` names; those without a server mean the phones of `home`, if that
    /// has them.
    pub(crate) fn targets(&self, names: &PhoneNames, home: Option<&ServerName>) -> Vec<Target> {
        self.known().directory.find(names, home, &self.roster)
    }

    /// Returns the configured phone of `endpoint` of a server, or an unlisted one.
    pub(crate) fn of_endpoint(
        &self,
        endpoint: &Endpoint,
        server: Option<&ServerName>,
    ) -> PhoneEntry {
        self.known().directory.of_endpoint(endpoint, server)
    }

    /// Returns the phones that `phone=` names; for each that cannot be found, the reason. Names without a
    /// server mean the phones of `home`, if that has them.
    pub(crate) fn find(&self, names: &PhoneNames, home: Option<&ServerName>) -> Vec<Resolution> {
        self.find_targets(self.targets(names, home))
    }

    /// Returns the phones of targets, or the reason why there are none.
    fn find_targets(&self, targets: Vec<Target>) -> Vec<Resolution> {
        let each = |target| match target {
            Target::Listed(entry) | Target::Unlisted(entry) => self.entry(&entry),
            Target::Plain(entry) => Self::of_any_technology(self.entry(&entry)),
            other => self.not_an_entry(&other),
        };
        // Mostly there is one phone for each.
        let mut found = Vec::with_capacity(targets.len());
        found.extend(targets.into_iter().flat_map(each));
        if found.is_empty() {
            vec![Err(Self::no_phone().into())]
        } else {
            found
        }
    }

    /// Returns the phones of a target that is not an entry.
    pub(crate) fn not_an_entry(&self, target: &Target) -> Vec<Resolution> {
        let outcome = match target {
            Target::Listed(_) | Target::Plain(_) | Target::Unlisted(_) => return Vec::new(),
            Target::Unknown { text, server } => return self.at_address(text, server.as_ref()),
            Target::Ambiguous { name, servers } => Self::ambiguous(name, servers),
            Target::Group(name) => Self::no_group(name),
            Target::NoMatch(pattern) => self.no_match(pattern),
            Target::Unplaced { name, servers } => Self::unplaced(name, servers),
        };
        vec![Err(outcome.into())]
    }

    /// Returns the outcome for a `phone=` without a name.
    pub(crate) fn no_phone() -> Outcome {
        Outcome::new(Status::Invalid, "phone: it names no phone")
    }

    /// Returns the outcome for a value of an event that names a group.
    pub(crate) fn no_group(name: &str) -> Outcome {
        let reason = format!(
            "phone: {name} is a group, and a value of an event names one phone; write the name of \
             the group itself in the rule"
        );
        Outcome::at(name, None, Status::Invalid, reason)
    }

    /// Lets the phones of a plain name be found when they register, whatever their technology.
    pub(crate) fn of_any_technology(mut found: Vec<Resolution>) -> Vec<Resolution> {
        for not_found in found.iter_mut().filter_map(|found| found.as_mut().err()) {
            let name = not_found.outcome.phone.clone();
            not_found.phone_ref = not_found
                .phone_ref
                .take()
                .map(|phone_ref| Box::new(phone_ref.with_text(&name)));
        }
        found
    }

    /// Returns the phones of an entry, from configuration and roster.
    pub(crate) fn entry(&self, entry: &PhoneEntry) -> Vec<Resolution> {
        if entry.is_complete() {
            return vec![self.resolve(entry, &RegistrationInfo::default())];
        }
        let mut infos = entry
            .endpoint
            .as_ref()
            .map(|endpoint| self.roster.registrations(endpoint, entry.server.as_ref()));
        if infos.as_ref().is_none_or(Vec::is_empty) {
            infos = Some(vec![RegistrationInfo::default()]);
        }
        self.desk_phones(entry, &infos.unwrap_or_default())
    }

    /// Returns the phones of an endpoint if the roster suffices, which saves a query to Asterisk.
    pub(crate) fn on_roster(
        &self,
        entry: &PhoneEntry,
        endpoint: &Endpoint,
    ) -> Option<Vec<Resolution>> {
        let infos = self.roster.registrations(endpoint, entry.server.as_ref());
        let found = self.desk_phones(entry, &infos);
        (!found.is_empty() && found.iter().all(Result::is_ok)).then_some(found)
    }

    /// Returns the contacts of an endpoint that the roster knows.
    pub(crate) fn registrations(
        &self,
        endpoint: &Endpoint,
        server: Option<&ServerName>,
    ) -> Vec<RegistrationInfo> {
        self.roster.registrations(endpoint, server)
    }

    /// Adds what only the roster knows about the phone of `endpoint` at the same address.
    pub(crate) fn completed(
        &self,
        info: RegistrationInfo,
        endpoint: &Endpoint,
        server: Option<&ServerName>,
    ) -> RegistrationInfo {
        if info.contact.is_some() {
            return info;
        }
        let known = self.roster.registrations(endpoint, server);
        match known
            .into_iter()
            .find(|known| known.address == info.address)
        {
            Some(known) => RegistrationInfo {
                server: info.server.or(known.server),
                contact: known.contact,
                behind_nat: known.behind_nat,
                call_id: known.call_id,
                ..info
            },
            None => info,
        }
    }

    /// Returns the phones registered at an address that is not configured, those of `server` if it has any.
    pub(crate) fn at_address(&self, address: &str, server: Option<&ServerName>) -> Vec<Resolution> {
        if address.contains(',') {
            let reason = format!("phone: {address:?} names no phone; separate several with &");
            return vec![Err(
                Outcome::at(address, None, Status::Invalid, reason).into()
            )];
        }
        let claimants = self.claimants(address);
        if let Some(endpoints) = claimants.dispute()
            && address.parse::<MacAddress>().is_ok()
        {
            let reason = format!(
                "{endpoints} claim to be {address}, and none is believed; add a [[phone]] with \
                 this mac"
            );
            return vec![Err(
                Outcome::at(address, None, Status::NotFound, reason).into()
            )];
        }
        let mut known = claimants.phones;
        if known.is_empty() {
            return vec![Err(self.no_phone_at(address))];
        }
        let is_here = |info: &RegistrationInfo| server.is_some() && info.server.as_ref() == server;
        if known.iter().any(is_here) {
            known.retain(is_here);
        }
        let resolve = |info: &RegistrationInfo| {
            let endpoint = info.endpoint.as_ref()?;
            let entry = self.of_endpoint(endpoint, info.server.as_ref());
            Some(self.resolve(&entry, info))
        };
        known.iter().filter_map(resolve).collect()
    }

    /// Returns the phone with an IP or MAC address; none if several phones claim the MAC address.
    pub(crate) fn name_at(&self, address: &str) -> Option<NamedPhone> {
        let names = PhoneNames::inserted(address);
        match self.targets(&names, None).into_iter().next()? {
            Target::Listed(entry) => Some(self.named(&entry)),
            Target::Unknown { .. } => {
                let claimants = self.claimants(address);
                let is_mac = address.parse::<MacAddress>().is_ok();
                if is_mac && claimants.dispute().is_some() {
                    return None;
                }
                let mut phones = claimants.phones.into_iter();
                let phone = phones.find(|info| info.endpoint.is_some())?;
                let (endpoint, server) = (phone.endpoint?, phone.server);
                Some(self.named_endpoint(&endpoint, server))
            }
            _ => None,
        }
    }

    /// Joins an entry with what Asterisk reports.
    pub(crate) fn resolve(&self, entry: &PhoneEntry, info: &RegistrationInfo) -> Resolution {
        let info = &self.with_csta_registration(entry, info);
        let resolved = entry.resolve(info, &self.known().defaults);
        resolved
            .map(|phone| {
                let reported = phone.mac.filter(|_| entry.mac.is_none());
                let is_disputed = reported.is_some_and(|mac| self.is_disputed(mac, info));
                Phone {
                    name: self.display_name(&phone.name, phone.server.as_ref()),
                    mac: phone.mac.filter(|_| !is_disputed),
                    ..phone
                }
            })
            .map_err(|unresolved| self.unresolved(entry, info, &unresolved))
    }

    fn is_address(text: &str) -> bool {
        text.parse::<IpAddr>().is_ok() || text.parse::<MacAddress>().is_ok()
    }
}

impl fmt::Debug for PhoneResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhoneResolver")
            .field("directory", &self.known().directory)
            .finish_non_exhaustive()
    }
}
