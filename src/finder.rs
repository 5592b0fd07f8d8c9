//! Whose phone is meant, by configuration and roster; nobody is asked.

mod everybody;

pub use everybody::Sighting;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use crate::outcome::{Outcome, Status};
use crate::phone::{Directory, Endpoint, Entry, Facts, Phone, Target, Vendor, VendorDefaults};
use crate::roster::Roster;

/// Finds phones. Cheap to clone; all clones are one finder, also after
/// [`replace`](Self::replace).
#[derive(Clone)]
pub struct Finder {
    known: Arc<RwLock<Arc<Known>>>,
    roster: Roster,
}

/// What the configuration says.
struct Known {
    directory: Directory,
    defaults: Box<Defaults>,
}

/// Says what the configuration says of all phones of a vendor.
type Defaults = dyn Fn(Vendor) -> VendorDefaults + Send + Sync;

impl Finder {
    /// Creates a finder of what the configuration names and the roster knows.
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
    pub fn of_endpoint(&self, endpoint: &Endpoint) -> Entry {
        self.known().directory.of_endpoint(endpoint)
    }

    /// Returns the phones that `phone=` names; for each that can't be found, why not.
    pub fn find(&self, names: &str) -> Vec<Result<Phone, Outcome>> {
        let each = |target| match target {
            Target::Listed(entry) | Target::Unlisted(entry) => self.entry(&entry),
            Target::Unknown(address) => self.at_address(&address),
        };
        let found: Vec<_> = self.targets(names).into_iter().flat_map(each).collect();
        if found.is_empty() {
            vec![Err(Self::nobody())]
        } else {
            found
        }
    }

    /// Says that `phone=` names no phone.
    pub fn nobody() -> Outcome {
        Outcome::new(Status::Invalid, "phone: it names no phone")
    }

    /// Returns the phones of an entry, as far as configuration and roster know them.
    fn entry(&self, entry: &Entry) -> Vec<Result<Phone, Outcome>> {
        if entry.is_complete() {
            return vec![self.resolve(entry, &Facts::default())];
        }
        let mut facts = entry
            .endpoint
            .as_ref()
            .map(|endpoint| self.roster.facts(endpoint));
        if facts.as_ref().is_none_or(Vec::is_empty) {
            let tried = vec!["the roster, which does not know it".to_owned()];
            facts = Some(vec![Facts {
                tried,
                ..Facts::default()
            }]);
        }
        self.each(entry, &facts.unwrap_or_default()).collect()
    }

    /// Returns the phones of an endpoint if the roster suffices, which saves asking Asterisk.
    pub fn on_roster(
        &self,
        entry: &Entry,
        endpoint: &Endpoint,
    ) -> Option<Vec<Result<Phone, Outcome>>> {
        let facts = self.roster.facts(endpoint);
        let found: Vec<_> = self.each(entry, &facts).collect();
        (!found.is_empty() && found.iter().all(Result::is_ok)).then_some(found)
    }

    /// Adds what the roster alone knows of the phone of `endpoint` at the same address.
    pub fn completed(&self, facts: Facts, endpoint: &Endpoint) -> Facts {
        let known = self.roster.facts(endpoint);
        match known
            .into_iter()
            .find(|known| known.address == facts.address)
        {
            Some(known) => Facts {
                contact: known.contact,
                behind_nat: known.behind_nat,
                call_id: known.call_id,
                ..facts
            },
            None => facts,
        }
    }

    /// Returns the phones at an address that no configuration names, if Asterisk knows it.
    pub fn at_address(&self, address: &str) -> Vec<Result<Phone, Outcome>> {
        let known = self.roster.find(address);
        if known.is_empty() {
            let reason = format!(
                "no [[phone]] has the name or address {address}, and none at it is registered"
            );
            return vec![Err(Outcome::at(address, None, Status::NotFound, reason))];
        }
        let resolve = |facts: &Facts| {
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
        entry: &Entry,
        facts: &[Facts],
    ) -> impl Iterator<Item = Result<Phone, Outcome>> {
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
    pub fn resolve(&self, entry: &Entry, facts: &Facts) -> Result<Phone, Outcome> {
        entry
            .resolve(facts, &self.known().defaults)
            .map_err(|unresolved| {
                Outcome::at(
                    &entry.name,
                    entry.vendor,
                    Status::NotFound,
                    unresolved.to_string(),
                )
            })
    }
}

impl fmt::Debug for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finder")
            .field("directory", &self.known().directory)
            .finish_non_exhaustive()
    }
}
