//! The list of configured and registered phones, for administrators and programs.

use std::collections::{HashMap, HashSet};

use handset_phones::phone::{MacAddress, PhoneEntry, PhoneNames, RegistrationInfo, Target};
use serde::Serialize;
use tokio::time::Instant;

use super::claimants::disputed_macs;
use super::{Known, PhoneResolver};
use crate::roster::Unavailable;

/// A phone in the list; unknown values are empty.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct PhoneSummary {
    /// Its name in `phone=`.
    pub name: String,
    /// Its vendor.
    pub vendor: String,
    /// Its model.
    pub model: String,
    /// Its firmware.
    pub firmware: String,
    /// The address of its web server.
    pub address: String,
    /// Its MAC address.
    pub mac: String,
    /// Its endpoint in Asterisk.
    pub endpoint: String,
    /// Whether it is registered with any server.
    pub registered: bool,
    /// How it was found, in order.
    pub found: Vec<String>,
}

impl PhoneResolver {
    /// Returns the configured phones, then other registered ones, and the servers that are unavailable.
    /// Waits until `until` for servers that are still loading.
    pub(crate) async fn list(&self, until: Instant) -> (Vec<PhoneSummary>, Vec<Unavailable>) {
        let (infos, unavailable) = self.roster.all(until).await;
        (summaries(&self.known(), &infos), unavailable)
    }

    /// Returns the one phone that `name` means; `None` if nobody knows it. No I/O: only configured and
    /// registered phones are known.
    pub(crate) fn describe(&self, name: &str) -> Option<PhoneSummary> {
        let known = self.known();
        let target = self
            .targets(&PhoneNames::inserted(name))
            .into_iter()
            .next()?;
        let (entry, infos) = match target {
            Target::Listed(entry) | Target::Plain(entry) | Target::Unlisted(entry) => {
                let endpoint = entry.endpoint.as_ref();
                let infos = endpoint.map(|endpoint| self.registrations(endpoint));
                (entry, infos.unwrap_or_default())
            }
            Target::Unknown(address) => {
                let infos = self.claimants(&address).phones;
                let endpoint = infos.first()?.endpoint.as_ref()?;
                (known.directory.of_endpoint(endpoint), infos)
            }
            Target::Group(_) | Target::NoMatch(_) => return None,
        };
        if infos.is_empty() && !entry.listing.is_named() {
            return None;
        }
        Some(summary((&known, &HashMap::new()), &entry, infos.first()))
    }

    /// Returns the names of the groups, in order.
    pub(crate) fn groups(&self) -> Vec<String> {
        let known = self.known();
        let mut names: Vec<String> = known.directory.groups().map(ToOwned::to_owned).collect();
        names.sort();
        names
    }
}

fn summaries(known: &Known, infos: &[RegistrationInfo]) -> Vec<PhoneSummary> {
    let mut all = Vec::new();
    let mut listed = HashSet::new();
    let disputed = &disputed_macs(infos);
    for entry in known.directory.entries() {
        let own: Vec<_> = infos
            .iter()
            .filter(|info| info.endpoint.is_some() && info.endpoint == entry.endpoint)
            .collect();
        listed.extend(entry.endpoint.clone());
        if own.is_empty() {
            all.push(summary((known, disputed), entry, None));
        }
        let own = own.into_iter();
        all.extend(own.map(|info| summary((known, disputed), entry, Some(info))));
    }
    let mut others: Vec<_> = infos
        .iter()
        .filter_map(|info| Some((info.endpoint.clone()?, info)))
        .filter(|(endpoint, _)| !listed.contains(endpoint))
        .collect();
    others.sort_by_key(|(endpoint, _)| endpoint.to_string());
    let other = |(endpoint, info)| {
        let entry = PhoneEntry::unlisted(endpoint);
        summary((known, disputed), &entry, Some(info))
    };
    all.extend(others.into_iter().map(other));
    all
}

fn summary(
    (known, disputed): (&Known, &HashMap<MacAddress, String>),
    entry: &PhoneEntry,
    info: Option<&RegistrationInfo>,
) -> PhoneSummary {
    let nothing = RegistrationInfo::default();
    let known_info = info.unwrap_or(&nothing);
    let is_named = entry.listing.is_named();
    let mut found: Vec<String> = is_named
        .then(|| "[[phone]]".to_owned())
        .into_iter()
        .collect();
    found.extend(known_info.sources.iter().cloned());
    let text = |value: Option<String>| value.unwrap_or_default();
    let unresolved = PhoneSummary {
        name: entry.name.clone(),
        vendor: text(entry.vendor.map(|vendor| vendor.to_string())),
        model: text(entry.model.clone()),
        firmware: String::new(),
        address: text(known_info.address.map(|ip| ip.to_string())),
        mac: text(entry.mac.map(|mac| mac.to_string())),
        endpoint: text(entry.endpoint.as_ref().map(ToString::to_string)),
        registered: info.is_some(),
        found,
    };
    match entry.resolve(known_info, &known.defaults) {
        Ok(phone) => {
            let reported = phone.mac.filter(|_| entry.mac.is_none());
            let mut mac = text(phone.mac.map(|mac| mac.to_string()));
            let mut found = unresolved.found;
            if let Some(endpoints) = reported.and_then(|reported| disputed.get(&reported)) {
                found.push(format!("{endpoints} claim to be {mac}"));
                mac.clear();
            }
            PhoneSummary {
                vendor: phone.vendor.to_string(),
                model: phone.model,
                firmware: phone.firmware.to_string(),
                address: phone.address.to_string(),
                mac,
                found,
                ..unresolved
            }
        }
        Err(_) => unresolved,
    }
}
