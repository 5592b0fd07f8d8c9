//! Resolves references to phones.

use handset_phones::phone::{Phone, RegistrationInfo, Target};
use tokio::time::Instant;

use super::phone_ref::PhoneRef;
use super::{NotFound, PhoneResolver};
use crate::outcome::{Outcome, Status};

impl PhoneResolver {
    /// Creates a reference to `phone`.
    pub(crate) fn phone_ref(&self, phone: &Phone) -> PhoneRef {
        let known = self.known();
        let is_listed = known
            .directory
            .entries()
            .iter()
            .any(|entry| entry.name == phone.name);
        let text = match &phone.endpoint {
            Some(endpoint) if !is_listed => endpoint.to_string(),
            _ => phone.name.clone(),
        };
        PhoneRef::new(text, phone)
    }

    /// Asks Asterisk for the phone of a reference, unless it is in the roster.
    pub(crate) async fn inquire_ref(&self, phone_ref: &PhoneRef, until: Instant) {
        self.inquire(&phone_ref.names(), until).await;
    }

    /// Returns the phone of a reference, at its present address.
    pub(crate) fn resolve_ref(&self, phone_ref: &PhoneRef) -> Result<Phone, Outcome> {
        let (mut found, mut missing) = (Vec::new(), None);
        for resolution in self.find(&phone_ref.names()) {
            match resolution {
                Ok(phone) => found.push(phone),
                Err(NotFound { outcome, .. }) => missing = Some(outcome),
            }
        }
        if let Some(at) = found.iter().position(|phone| phone_ref.identifies(phone)) {
            return Ok(found.swap_remove(at));
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
        let target = self.targets(&phone_ref.names()).into_iter().next()?;
        let (Target::Listed(entry) | Target::Plain(entry) | Target::Unlisted(entry)) = target
        else {
            return None;
        };
        self.resolve(&entry, &info).ok()
    }
}

#[cfg(test)]
mod tests;
