//! Everybody whom configuration and roster know, as people and programs are told.

use std::collections::HashSet;

use serde::Serialize;
use tokio::time::Instant;

use super::{Known, PhoneResolver};
use crate::roster::Unavailable;
use handset_phones::phone::{PhoneEntry, RegistrationInfo};

/// One phone; what is not known is empty.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct PhoneSummary {
    /// What `phone=` calls it.
    pub name: String,
    /// Its vendor.
    pub vendor: String,
    /// Its model.
    pub model: String,
    /// Its firmware.
    pub firmware: String,
    /// Where its web server is.
    pub address: String,
    /// Its hardware address.
    pub mac: String,
    /// Its endpoint in Asterisk.
    pub endpoint: String,
    /// Whether a server has a contact of it.
    pub registered: bool,
    /// How it was found.
    pub found: Vec<String>,
}

impl PhoneResolver {
    /// Returns the phones that are configured, then the others that are registered, and which
    /// servers tell nothing; those that are being read are waited for until `until`.
    pub async fn everybody(&self, until: Instant) -> (Vec<PhoneSummary>, Vec<Unavailable>) {
        let (facts, away) = self.roster.all(until).await;
        (sightings(&self.known(), &facts), away)
    }

    /// Returns the names of the groups, in order.
    pub fn groups(&self) -> Vec<String> {
        let known = self.known();
        let mut names: Vec<String> = known.directory.groups().map(ToOwned::to_owned).collect();
        names.sort();
        names
    }
}

fn sightings(known: &Known, facts: &[RegistrationInfo]) -> Vec<PhoneSummary> {
    let mut all = Vec::new();
    let mut listed = HashSet::new();
    for entry in known.directory.entries() {
        let own: Vec<_> = facts
            .iter()
            .filter(|facts| facts.endpoint.is_some() && facts.endpoint == entry.endpoint)
            .collect();
        listed.extend(entry.endpoint.clone());
        if own.is_empty() {
            all.push(sighting(known, entry, None, true));
        }
        let own = own.into_iter();
        all.extend(own.map(|facts| sighting(known, entry, Some(facts), true)));
    }
    let mut others: Vec<_> = facts
        .iter()
        .filter_map(|facts| Some((facts.endpoint.clone()?, facts)))
        .filter(|(endpoint, _)| !listed.contains(endpoint))
        .collect();
    others.sort_by_key(|(endpoint, _)| endpoint.to_string());
    let other =
        |(endpoint, facts)| sighting(known, &PhoneEntry::unlisted(endpoint), Some(facts), false);
    all.extend(others.into_iter().map(other));
    all
}

fn sighting(
    known: &Known,
    entry: &PhoneEntry,
    facts: Option<&RegistrationInfo>,
    listed: bool,
) -> PhoneSummary {
    let nothing = RegistrationInfo::default();
    let told = facts.unwrap_or(&nothing);
    let mut found: Vec<String> = listed.then(|| "[[phone]]".to_owned()).into_iter().collect();
    found.extend(told.tried.iter().cloned());
    let text = |value: Option<String>| value.unwrap_or_default();
    let unresolved = PhoneSummary {
        name: entry.name.clone(),
        vendor: text(entry.vendor.map(|vendor| vendor.to_string())),
        model: text(entry.model.clone()),
        firmware: String::new(),
        address: text(told.address.map(|ip| ip.to_string())),
        mac: text(entry.mac.map(|mac| mac.to_string())),
        endpoint: text(entry.endpoint.as_ref().map(ToString::to_string)),
        registered: facts.is_some(),
        found,
    };
    match entry.resolve(told, |vendor| (known.defaults)(vendor)) {
        Ok(phone) => PhoneSummary {
            vendor: phone.vendor.to_string(),
            model: phone.model,
            firmware: phone.firmware.to_string(),
            address: phone.address.to_string(),
            mac: text(phone.mac.map(|mac| mac.to_string())),
            ..unresolved
        },
        Err(_) => unresolved,
    }
}
