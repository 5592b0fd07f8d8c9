//! Whose phone a call means: the caller's own, or those that `phone=` names.

use super::asterisk;
use crate::agi::{self, Channel};
use crate::outcome::{Outcome, Status};
use crate::phone::{Directory, Endpoint, Entry, Facts, Phone, Target, Vendor, VendorDefaults};
use crate::roster::Roster;
use crate::verb::Request;

/// Finds phones, asking the channel where configuration and roster do not suffice.
pub(super) struct Finder<'a, D> {
    pub(super) directory: &'a Directory,
    pub(super) roster: &'a Roster,
    pub(super) defaults: &'a D,
}

impl<D: Fn(Vendor) -> VendorDefaults> Finder<'_, D> {
    /// Returns the phones that are meant; for each that can't be found, why not.
    pub(super) async fn find(
        &self,
        request: &Request,
        call: &agi::Request,
        channel: &mut Channel,
    ) -> Vec<Result<Phone, Outcome>> {
        let Some(names) = &request.phone else {
            return self.caller(call, channel).await;
        };
        let mut found = Vec::new();
        for target in self.directory.find(names) {
            match target {
                Target::Listed(entry) | Target::Unlisted(entry) => {
                    found.extend(self.entry(&entry, call, channel).await);
                }
                Target::Unknown(name) => found.extend(self.at_address(&name)),
            }
        }
        if found.is_empty() {
            found.push(Err(Outcome::new(
                Status::Invalid,
                "phone: it names no phone",
            )));
        }
        found
    }

    /// Returns the phones at an address that no configuration names, if Asterisk knows it.
    fn at_address(&self, address: &str) -> Vec<Result<Phone, Outcome>> {
        let known = self.roster.find(address);
        if known.is_empty() {
            let reason = format!(
                "no [[phone]] has the name or address {address}, and none at it is registered"
            );
            return vec![Err(Outcome::at(address, None, Status::NotFound, reason))];
        }
        let resolve = |facts: &Facts| {
            let endpoint = facts.endpoint.as_ref()?;
            Some(self.resolve(&self.directory.of_endpoint(endpoint), facts))
        };
        known.iter().filter_map(resolve).collect()
    }

    async fn caller(
        &self,
        call: &agi::Request,
        channel: &mut Channel,
    ) -> Vec<Result<Phone, Outcome>> {
        let Some(endpoint) = Endpoint::of_channel(call.channel()) else {
            let reason = format!(
                "channel {} is none of a phone (PJSIP, SIP, SCCP); name one with phone=",
                call.channel()
            );
            return vec![Err(Outcome::new(Status::NotFound, reason))];
        };
        let entry = self.directory.of_endpoint(&endpoint);
        self.entry(&entry, call, channel).await
    }

    /// Returns the phone of an entry; several, where an endpoint that no address is configured for
    /// has several contacts.
    async fn entry(
        &self,
        entry: &Entry,
        call: &agi::Request,
        channel: &mut Channel,
    ) -> Vec<Result<Phone, Outcome>> {
        if entry.is_complete() {
            return vec![self.resolve(entry, &Facts::default())];
        }
        let facts = match &entry.endpoint {
            None => vec![Facts::default()],
            Some(endpoint) => {
                let is_caller = Endpoint::of_channel(call.channel()).as_ref() == Some(endpoint);
                if !is_caller && let Some(found) = self.on_roster(entry, endpoint) {
                    return found;
                }
                let asked = if is_caller {
                    let asked = asterisk::caller(channel, endpoint).await;
                    asked.map(|facts| vec![self.completed(facts, endpoint)])
                } else {
                    asterisk::endpoint(channel, endpoint).await
                };
                match asked {
                    Ok(facts) => facts,
                    Err(error) => {
                        let tried = vec![format!("asking Asterisk: {error}")];
                        vec![Facts {
                            tried,
                            ..Facts::default()
                        }]
                    }
                }
            }
        };
        self.each(entry, &facts).collect()
    }

    /// Adds what the roster alone knows of the phone at the same address.
    fn completed(&self, facts: Facts, endpoint: &Endpoint) -> Facts {
        let known = self.roster.facts(endpoint);
        match known
            .into_iter()
            .find(|known| known.address == facts.address)
        {
            Some(known) => Facts {
                contact: known.contact,
                behind_nat: known.behind_nat,
                ..facts
            },
            None => facts,
        }
    }

    /// Returns the phones of an endpoint if the roster suffices, which saves asking Asterisk.
    fn on_roster(&self, entry: &Entry, endpoint: &Endpoint) -> Option<Vec<Result<Phone, Outcome>>> {
        let facts = self.roster.facts(endpoint);
        let found: Vec<_> = self.each(entry, &facts).collect();
        (!found.is_empty() && found.iter().all(Result::is_ok)).then_some(found)
    }

    fn each(&self, entry: &Entry, facts: &[Facts]) -> impl Iterator<Item = Result<Phone, Outcome>> {
        // With a configured address there is one phone, however many contacts.
        let count = if entry.address.is_some() {
            1
        } else {
            facts.len()
        };
        let facts = facts.iter().take(count);
        facts.map(|facts| self.resolve(entry, facts))
    }

    fn resolve(&self, entry: &Entry, facts: &Facts) -> Result<Phone, Outcome> {
        entry.resolve(facts, self.defaults).map_err(|unresolved| {
            Outcome::at(
                &entry.name,
                entry.vendor,
                Status::NotFound,
                unresolved.to_string(),
            )
        })
    }
}
