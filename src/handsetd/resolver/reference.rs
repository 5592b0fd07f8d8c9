//! Resolves references to phones.

use handset_phones::phone::{Phone, PhoneNames, RegistrationInfo};
use tokio::time::Instant;

use super::phone_ref::PhoneRef;
use super::{NotFound, PhoneResolver};
use crate::outcome::{Outcome, Status};

impl PhoneResolver {
    /// Creates a reference to `phone`.
    pub(crate) fn phone_ref(&self, phone: &Phone) -> PhoneRef {
        let known = self.known();
        let name = phone.plain_name();
        let mut entries = known.directory.entries().iter();
        let is_listed = entries.any(|entry| entry.name == name);
        let text = match &phone.endpoint {
            Some(endpoint) if !is_listed => endpoint.to_string(),
            _ => name.to_owned(),
        };
        PhoneRef::new(text, phone)
    }

    /// Asks Asterisk for the phone of a reference, unless it is in the roster.
    pub(crate) async fn inquire_ref(&self, phone_ref: &PhoneRef, until: Instant) {
        for names in self.names(phone_ref).unwrap_or_default() {
            self.inquire(&names, None, until).await;
        }
    }

    /// Returns the reference with the server of its endpoint, if it is of an earlier version and there
    /// is one server only.
    pub(crate) fn with_server(&self, phone_ref: PhoneRef) -> PhoneRef {
        match self.known().directory.servers() {
            [only] => phone_ref.at(only),
            _ => phone_ref,
        }
    }

    /// Returns the names of the phone of a reference. A server that was renamed may be the only one, and
    /// references of earlier versions have none.
    fn names(&self, phone_ref: &PhoneRef) -> Result<Vec<PhoneNames>, Outcome> {
        let known = self.known();
        let servers = known.directory.servers();
        let Some(name) = phone_ref.server().filter(|_| servers.len() > 1) else {
            let servers = servers.iter().filter(|_| servers.len() > 1);
            let has_any = phone_ref.is_of_unknown_server() && phone_ref.is_identifying();
            let anywhere = servers
                .filter(|_| has_any)
                .map(|server| phone_ref.names(Some(server)));
            return Ok(std::iter::once(phone_ref.names(None))
                .chain(anywhere)
                .collect());
        };
        let server = servers.iter().find(|server| server.as_str() == name);
        if server.is_none() {
            let phone = format!("{name}/{}", phone_ref.text());
            let reason = format!("no [[asterisk]] is named {name:?}, whose phone this was");
            return Err(Outcome::at(&phone, None, Status::NotFound, reason));
        }
        Ok(vec![phone_ref.names(server)])
    }

    /// Returns the phone of a reference, at its present address.
    pub(crate) fn resolve_ref(&self, phone_ref: &PhoneRef) -> Result<Phone, Outcome> {
        let (mut found, mut missing) = (Vec::new(), None);
        let names = self.names(phone_ref)?;
        for resolution in names.iter().flat_map(|names| self.find(names, None)) {
            match resolution {
                Ok(phone) => found.push(phone),
                Err(NotFound { outcome, .. }) => missing = missing.or(Some(outcome)),
            }
        }
        if let Some(at) = found.iter().position(|phone| phone_ref.identifies(phone)) {
            return Ok(found.swap_remove(at));
        }
        if names.len() > 1 {
            // Only the phone shows which of the servers it was, once it registers.
            return Err(match missing {
                Some(missing) if missing.status == Status::Invalid => Outcome {
                    status: Status::Unreachable,
                    ..missing
                },
                Some(missing) => missing,
                None => Outcome::at(phone_ref.text(), None, Status::Unreachable, OTHER_SERVERS),
            });
        }
        // The endpoint may have another phone now, or another address. A reference to a phone that
        // was not registered identifies none of several; any will do.
        if found.len() == 1 || !phone_ref.is_identifying() && !found.is_empty() {
            return Ok(found.swap_remove(0));
        }
        if found.is_empty()
            && let Some(phone) = self.last_seen(phone_ref)
        {
            return Ok(phone);
        }
        Err(missing.unwrap_or_else(|| {
            let reason = "its endpoint has several phones, and none of them is the requested one";
            Outcome::at(phone_ref.text(), None, Status::NotFound, reason)
        }))
    }

    /// Returns the phone as it was last seen, unless a server could know better.
    fn last_seen(&self, phone_ref: &PhoneRef) -> Option<Phone> {
        if self.roster.follows_any() {
            return None;
        }
        let (address, identity) = phone_ref.last_seen()?;
        let info = RegistrationInfo {
            address,
            identity: Some(identity),
            ..RegistrationInfo::default()
        };
        let names = self.names(phone_ref).ok()?.into_iter().next()?;
        let target = self.targets(&names, None).into_iter().next()?;
        self.resolve(target.entry()?, &info).ok()
    }
}

/// Reason where only other phones have the name of a phone whose server is not known.
const OTHER_SERVERS: &str = "several servers have phones of this name, and none of them is the requested \
                             one";

#[cfg(test)]
mod tests;
