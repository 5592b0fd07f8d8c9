//! The destinations of a request, each phone once.

use std::collections::HashSet;

use super::destination::Destination;
use crate::fleet::AnnouncedPhone;
use crate::resolver::Resolution;

/// The destinations so far.
#[derive(Debug, Default)]
pub(super) struct Destinations {
    all: Vec<Destination>,
    /// The keys that identify the phones among them.
    identities: HashSet<String>,
    /// The names of requests that are left to daemons that know the phone better.
    names: HashSet<String>,
    /// The reasons why there is no destination, each with the name of its phone.
    reasons: HashSet<(String, String)>,
}

impl Destinations {
    /// Adds the destination of a phone that `daemon` announces, `None` being this one, unless it is included
    /// already.
    pub(super) fn add(
        &mut self,
        daemon: Option<&str>,
        phone: &AnnouncedPhone,
        destination: impl FnOnce() -> Destination,
    ) {
        let mut identities = phone.identities();
        if identities.is_empty() {
            // Another daemon may have another phone of this name.
            let daemon = daemon.unwrap_or_default();
            identities.push(format!("{daemon}//{}", phone.name));
        }
        if identities
            .iter()
            .any(|identity| self.identities.contains(identity))
        {
            return;
        }
        // A phone that is not registered with one daemon may be registered with another.
        identities.extend(phone.account());
        self.identities.extend(identities);
        self.all.push(destination());
    }

    /// Adds a destination that is not that of an announced phone, unless it is included already.
    pub(super) fn add_destination(&mut self, destination: Destination) {
        let name = match &destination {
            Destination::Local(Ok(phone)) => &phone.name,
            Destination::Local(Err(not_found)) => &not_found.outcome.phone,
            Destination::Remote(remote) => &remote.name,
        };
        if self.names.insert(name.clone()) {
            self.all.push(destination);
        }
    }

    /// Adds a local phone, or a reason why there is no destination, unless it is included already: several daemons
    /// may have the same group.
    pub(super) fn add_local(&mut self, found: Resolution) {
        if let Err(not_found) = &found {
            let outcome = &not_found.outcome;
            let reason = (outcome.phone.clone(), outcome.reason.clone());
            if !self.reasons.insert(reason) {
                return;
            }
        }
        self.all.push(Destination::Local(found));
    }

    pub(super) fn into_vec(self) -> Vec<Destination> {
        self.all
    }
}
