//! The list of configured and registered phones, for administrators and programs.

use std::collections::HashMap;

use handset_phones::phone::{
    MacAddress, PhoneEntry, PhoneNames, RegistrationInfo, ServerName, Target,
};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::claimants::disputed_macs;
use super::{Known, PhoneResolver};
use crate::roster::Unavailable;
use crate::uacsta::SessionStatus;

/// A phone in the list; unknown values are empty.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct PhoneSummary {
    /// Its name in `phone=`, with that of its server where phones of several servers have it.
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
    /// The Asterisk server of its endpoint.
    pub server: String,
    /// Whether it is registered with any server.
    pub registered: bool,
    /// How it was found, in order.
    pub found: Vec<String>,
    /// Its CSTA session over SIP, if it can have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csta: Option<SessionStatus>,
}

impl PhoneResolver {
    /// Returns the configured phones, then other registered ones, and the servers that are unavailable.
    /// Waits until `until` for servers that are still loading.
    pub(crate) async fn list(&self, until: Instant) -> (Vec<PhoneSummary>, Vec<Unavailable>) {
        let (infos, unavailable) = self.roster.all(until).await;
        (self.summaries(&self.known(), &infos), unavailable)
    }

    /// Returns the one phone that `name` means in an event of the server `home`; `None` if no server knows
    /// it. No I/O: only configured and registered phones are known.
    pub(crate) fn describe(&self, name: &str, home: Option<&ServerName>) -> Option<PhoneSummary> {
        let known = self.known();
        let targets = self.targets(&PhoneNames::inserted(name), home);
        let (entry, infos) = match targets.into_iter().next()? {
            Target::Listed(entry) | Target::Plain(entry) | Target::Unlisted(entry) => {
                let endpoint = entry.endpoint.as_ref();
                let server = entry.server.as_ref();
                let infos = endpoint.map(|endpoint| self.registrations(endpoint, server));
                (entry, infos.unwrap_or_default())
            }
            Target::Unknown { text, .. } => {
                let infos = self.claimants(&text).phones;
                let first = infos.first()?;
                let entry = self.of_endpoint(first.endpoint.as_ref()?, first.server.as_ref());
                (entry, infos)
            }
            Target::Ambiguous { .. }
            | Target::Group(_)
            | Target::NoMatch(_)
            | Target::Unplaced { .. } => return None,
        };
        if infos.is_empty() && !entry.listing.is_named() {
            return None;
        }
        let mut summary = summary((&known, &HashMap::new()), &entry, infos.first());
        summary.name = self.display_name(&summary.name, entry.server.as_ref());
        Some(summary)
    }

    /// Returns the names of the groups, in order.
    pub(crate) fn groups(&self) -> Vec<String> {
        let known = self.known();
        let mut names: Vec<String> = known.directory.groups().map(ToOwned::to_owned).collect();
        names.sort();
        names
    }

    fn summaries(&self, known: &Known, infos: &[RegistrationInfo]) -> Vec<PhoneSummary> {
        let directory = &known.directory;
        let disputed = &disputed_macs(infos);
        let summary = |entry: &PhoneEntry, info: Option<&RegistrationInfo>| {
            let mut summary = summary((known, disputed), entry, info);
            summary.name = self.display_name(&summary.name, entry.server.as_ref());
            summary.csta = self.csta_status(entry);
            summary
        };
        let entry_of = |info: &RegistrationInfo| {
            let endpoint = info.endpoint.as_ref()?;
            Some(directory.of_endpoint(endpoint, info.server.as_ref()))
        };
        let mut all = Vec::new();
        for entry in directory.entries() {
            let is_own = |info: &&RegistrationInfo| {
                let of_server = entry.server.is_none() || entry.server == info.server;
                // Another entry may say that it is for this server.
                of_server
                    && info.endpoint.is_some()
                    && info.endpoint == entry.endpoint
                    && entry_of(info).is_some_and(|own| own.name == entry.name)
            };
            let own: Vec<_> = infos.iter().filter(is_own).collect();
            if own.is_empty() {
                let server = directory.server_of(entry, &self.roster);
                let here = self.with_csta_registration(entry, &RegistrationInfo::default());
                let is_here = here.address.is_some();
                let entry = entry.clone().at(server.as_ref());
                // That is not a registration with Asterisk.
                all.push(PhoneSummary {
                    registered: false,
                    ..summary(&entry, is_here.then_some(&here))
                });
            }
            for info in own {
                all.push(summary(&entry.clone().at(info.server.as_ref()), Some(info)));
            }
        }
        let mut others: Vec<_> = infos
            .iter()
            .filter_map(|info| Some((entry_of(info)?, info)))
            .filter(|(entry, _)| !entry.listing.is_named())
            .collect();
        let order = |entry: &PhoneEntry| {
            let endpoint = entry.endpoint.as_ref().map(ToString::to_string);
            (endpoint, entry.server.clone())
        };
        others.sort_by_cached_key(|(entry, _)| order(entry));
        all.extend(
            others
                .iter()
                .map(|(entry, info)| summary(entry, Some(info))),
        );
        all
    }
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
        server: text(entry.server.as_ref().map(ToString::to_string)),
        registered: info.is_some(),
        found,
        csta: None,
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
