//! Whose phone is meant, by configuration and roster; nobody is asked.

mod phone_ref;
mod summary;

pub use phone_ref::PhoneRef;
pub use summary::PhoneSummary;

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use crate::outcome::{Outcome, Status};
use crate::roster::Roster;
use handset_phones::phone::{
    Directory, Endpoint, MacAddress, Phone, PhoneEntry, RegistrationInfo, Target, Vendor,
    VendorDefaults,
};

/// Finds phones. Cheap to clone; all clones are one resolver, also after
/// [`replace`](Self::replace).
#[derive(Clone)]
pub struct PhoneResolver {
    known: Arc<RwLock<Arc<Known>>>,
    roster: Roster,
}

/// What the configuration says.
struct Known {
    directory: Directory,
    defaults: Box<Defaults>,
}

/// A phone, or why there is none.
pub type Resolution = Result<Phone, NotFound>;

/// A phone that can't be found.
#[derive(Clone, Debug)]
pub struct NotFound {
    /// What the request comes to.
    pub outcome: Outcome,
    /// What will find the phone if it comes later; `None` if none will come by that name.
    pub phone_ref: Option<Box<PhoneRef>>,
}

impl From<Outcome> for NotFound {
    /// Says that nothing will come.
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            phone_ref: None,
        }
    }
}

impl From<NotFound> for Outcome {
    fn from(missing: NotFound) -> Self {
        missing.outcome
    }
}

/// Says what the configuration says of all phones of a vendor.
type Defaults = dyn Fn(Vendor) -> VendorDefaults + Send + Sync;

impl PhoneResolver {
    /// Creates a resolver of what the configuration names and the roster knows.
    pub fn new(
        directory: Directory,
        roster: Roster,
        defaults: impl Fn(Vendor) -> VendorDefaults + Send + Sync + 'static,
    ) -> Self {
        let known = Known {
            directory,
            defaults: Box::new(defaults),
        };
        Self {
            known: Arc::new(RwLock::new(Arc::new(known))),
            roster,
        }
    }

    /// Goes on with another configuration; what was found before stays as it was.
    pub fn replace(
        &self,
        directory: Directory,
        defaults: impl Fn(Vendor) -> VendorDefaults + Send + Sync + 'static,
    ) {
        let known = Known {
            directory,
            defaults: Box::new(defaults),
        };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns what the parts of `phone=` mean.
    pub fn targets(&self, names: &str) -> Vec<Target> {
        self.known().directory.find(names)
    }

    /// Returns what the configuration says of `endpoint`.
    pub fn of_endpoint(&self, endpoint: &Endpoint) -> PhoneEntry {
        self.known().directory.of_endpoint(endpoint)
    }

    /// Returns the phones that `phone=` names; for each that can't be found, why not.
    pub fn find(&self, names: &str) -> Vec<Resolution> {
        let each = |target| match target {
            Target::Listed(entry) | Target::Unlisted(entry) => self.entry(&entry),
            Target::Unknown(address) => self.at_address(&address),
        };
        let found: Vec<_> = self.targets(names).into_iter().flat_map(each).collect();
        if found.is_empty() {
            vec![Err(Self::nobody().into())]
        } else {
            found
        }
    }

    /// Says that `phone=` names no phone.
    pub fn nobody() -> Outcome {
        Outcome::new(Status::Invalid, "phone: it names no phone")
    }

    /// Returns the phones of an entry, as far as configuration and roster know them.
    fn entry(&self, entry: &PhoneEntry) -> Vec<Resolution> {
        if entry.is_complete() {
            return vec![self.resolve(entry, &RegistrationInfo::default())];
        }
        let mut facts = entry
            .endpoint
            .as_ref()
            .map(|endpoint| self.roster.registrations(endpoint));
        if facts.as_ref().is_none_or(Vec::is_empty) {
            let tried = vec!["the roster, which does not know it".to_owned()];
            facts = Some(vec![RegistrationInfo {
                tried,
                ..RegistrationInfo::default()
            }]);
        }
        self.each(entry, &facts.unwrap_or_default()).collect()
    }

    /// Returns the phones of an endpoint if the roster suffices, which saves asking Asterisk.
    pub fn on_roster(&self, entry: &PhoneEntry, endpoint: &Endpoint) -> Option<Vec<Resolution>> {
        let facts = self.roster.registrations(endpoint);
        let found: Vec<_> = self.each(entry, &facts).collect();
        (!found.is_empty() && found.iter().all(Result::is_ok)).then_some(found)
    }

    /// Adds what the roster alone knows of the phone of `endpoint` at the same address.
    pub fn completed(&self, facts: RegistrationInfo, endpoint: &Endpoint) -> RegistrationInfo {
        let known = self.roster.registrations(endpoint);
        match known
            .into_iter()
            .find(|known| known.address == facts.address)
        {
            Some(known) => RegistrationInfo {
                contact: known.contact,
                behind_nat: known.behind_nat,
                call_id: known.call_id,
                ..facts
            },
            None => facts,
        }
    }

    /// Returns the phones at an address that no configuration names, if Asterisk knows it.
    pub fn at_address(&self, address: &str) -> Vec<Resolution> {
        let known = self.roster.find(address);
        if known.is_empty() {
            let reason = format!(
                "no [[phone]] has the name or address {address}, and none at it is registered"
            );
            let is_address =
                address.parse::<IpAddr>().is_ok() || address.parse::<MacAddress>().is_ok();
            let may_come = is_address && self.roster.follows_any();
            return vec![Err(NotFound {
                outcome: Outcome::at(address, None, Status::NotFound, reason),
                phone_ref: may_come.then(|| Box::new(PhoneRef::of_absent(address, None))),
            })];
        }
        let resolve = |facts: &RegistrationInfo| {
            let endpoint = facts.endpoint.as_ref()?;
            Some(self.resolve(&self.known().directory.of_endpoint(endpoint), facts))
        };
        known.iter().filter_map(resolve).collect()
    }

    /// Returns what the phone at an IP address or with a hardware address is called.
    pub fn name_at(&self, address: &str) -> Option<String> {
        match self.targets(address).into_iter().next()? {
            Target::Listed(entry) => Some(entry.name),
            Target::Unlisted(_) => None,
            Target::Unknown(_) => {
                let facts = self.roster.find(address);
                facts
                    .into_iter()
                    .find_map(|facts| facts.endpoint)
                    .map(|endpoint| endpoint.to_string())
            }
        }
    }

    /// Joins an entry with each of `facts`.
    pub fn each(
        &self,
        entry: &PhoneEntry,
        facts: &[RegistrationInfo],
    ) -> impl Iterator<Item = Resolution> {
        // With a configured address there is one phone, however many contacts.
        let count = if entry.address.is_some() {
            1
        } else {
            facts.len()
        };
        facts
            .iter()
            .take(count)
            .map(|facts| self.resolve(entry, facts))
    }

    /// Joins an entry with what Asterisk says.
    pub fn resolve(&self, entry: &PhoneEntry, facts: &RegistrationInfo) -> Resolution {
        entry
            .resolve(facts, &self.known().defaults)
            .map_err(|unresolved| {
                let name = entry.name.as_str();
                let reason = unresolved.to_string();
                let endpoint = entry.endpoint.as_ref();
                // One that is registered, and is none of a kind that is known, stays so.
                let is_there = facts.address.is_some() || facts.contact.is_some();
                let may_come = endpoint.is_some() && !is_there && self.roster.follows_any();
                NotFound {
                    outcome: Outcome::at(name, entry.vendor, Status::NotFound, reason),
                    phone_ref: may_come.then(|| Box::new(PhoneRef::of_absent(name, endpoint))),
                }
            })
    }
}

impl fmt::Debug for PhoneResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhoneResolver")
            .field("directory", &self.known().directory)
            .finish_non_exhaustive()
    }
}
