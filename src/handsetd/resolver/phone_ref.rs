//! Finding the same phone again later, and after a restart.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{NotFound, PhoneResolver, Resolution};
use crate::outcome::{Outcome, Status};
use handset_phones::phone::{Endpoint, Firmware, Identity, Phone, RegistrationInfo, Target};

/// What finds a phone again: no secret, and nothing that the configuration or Asterisk tells anew.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct PhoneRef {
    /// What `phone=` would say.
    text: String,
    /// Its endpoint.
    endpoint: Option<String>,
    /// Its hardware address, which tells it from others of the endpoint.
    mac: Option<String>,
    /// Where it was, which does so too.
    ip: Option<IpAddr>,
    /// What it was, for when nobody tells any more.
    seen: Option<Seen>,
}

/// What a call has told of a phone.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Seen {
    vendor: String,
    model: String,
    firmware: String,
}

impl PhoneRef {
    /// Takes those of something that is not there.
    pub(super) fn of_absent(text: &str, endpoint: Option<&Endpoint>) -> Self {
        Self {
            text: endpoint.map_or_else(|| text.to_owned(), ToString::to_string),
            endpoint: endpoint.map(ToString::to_string),
            mac: None,
            ip: None,
            seen: None,
        }
    }

    /// Returns the endpoint, or what else it is asked for by.
    pub(crate) fn key(&self) -> &str {
        self.endpoint.as_deref().unwrap_or(&self.text)
    }

    fn is_of(&self, phone: &Phone) -> bool {
        let mac = phone.mac.map(|mac| mac.to_string());
        match (&self.mac, mac) {
            (Some(own), Some(other)) => *own == other,
            _ => self.ip.is_some() && self.ip == phone.address.ip(),
        }
    }
}

impl PhoneResolver {
    /// Takes the phone_ref of a phone.
    pub(crate) fn phone_ref(&self, phone: &Phone) -> PhoneRef {
        let known = self.known();
        let is_listed = known
            .directory
            .entries()
            .iter()
            .any(|entry| entry.name == phone.name);
        let endpoint = phone.endpoint.as_ref().map(ToString::to_string);
        let text = match &endpoint {
            Some(endpoint) if !is_listed => endpoint.clone(),
            _ => phone.name.clone(),
        };
        PhoneRef {
            text,
            endpoint,
            mac: phone.mac.map(|mac| mac.to_string()),
            ip: phone.address.ip(),
            seen: Some(Seen {
                vendor: phone.vendor.to_string(),
                model: phone.model.clone(),
                firmware: phone.firmware.to_string(),
            }),
        }
    }

    /// Finds the phone of a reference, at its present address.
    pub(crate) fn resolve_ref(&self, phone_ref: &PhoneRef) -> Result<Phone, Outcome> {
        let (mut found, mut missing) = (Vec::new(), None);
        for one in self.find(&phone_ref.text) {
            match one {
                Ok(phone) => found.push(phone),
                Err(NotFound { outcome, .. }) => missing = Some(outcome),
            }
        }
        if let Some(at) = found.iter().position(|phone| phone_ref.is_of(phone)) {
            return Ok(found.swap_remove(at));
        }
        // The endpoint may have another phone now, or another address. A reference to a phone that
        // was not registered identifies none of several; any will do.
        let is_identifying = phone_ref.mac.is_some() || phone_ref.ip.is_some();
        if found.len() == 1 || !is_identifying && !found.is_empty() {
            return Ok(found.swap_remove(0));
        }
        if found.is_empty()
            && let Some(phone) = self.remembered(phone_ref)
        {
            return Ok(phone);
        }
        Err(missing.unwrap_or_else(|| {
            let reason = "its endpoint has several phones, and none of them is the requested one";
            Outcome::at(&phone_ref.text, None, Status::NotFound, reason)
        }))
    }

    /// Builds a phone from what its call revealed, if no server could know better.
    fn remembered(&self, phone_ref: &PhoneRef) -> Option<Phone> {
        if self.roster.follows_any() {
            return None;
        }
        let seen = phone_ref.seen.as_ref()?;
        let identity = Identity {
            vendor: seen.vendor.parse().ok()?,
            model: seen.model.clone(),
            firmware: Firmware::new(&seen.firmware),
            mac: phone_ref.mac.as_ref().and_then(|mac| mac.parse().ok()),
        };
        let facts = RegistrationInfo {
            address: phone_ref.ip,
            identity: Some(identity),
            ..RegistrationInfo::default()
        };
        let target = self.targets(&phone_ref.text).into_iter().next()?;
        let (Target::Listed(entry) | Target::Unlisted(entry)) = target else {
            return None;
        };
        let found: Resolution = self.resolve(&entry, &facts);
        found.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::Roster;
    use crate::roster::testing::{Session, listen};
    use handset_net::tasks::Tasks;
    use handset_phones::phone::{Directory, PhoneEntry, Vendor, VendorDefaults};

    fn resolver(roster: Roster) -> PhoneResolver {
        let listed = PhoneEntry {
            name: "boss".to_owned(),
            vendor: Some(Vendor::Snom),
            model: Some("D785".to_owned()),
            address: Some("192.0.2.9".parse().unwrap()),
            ..PhoneEntry::unlisted("PJSIP/1009".parse().unwrap())
        };
        let directory = Directory::new(vec![listed], std::collections::HashMap::new());
        PhoneResolver::new(directory.unwrap(), roster, |_| VendorDefaults::default())
    }

    fn phone() -> Phone {
        Phone {
            endpoint: "SIP/1001".parse().ok(),
            ..Phone::example(Vendor::Yealink, "T46G")
        }
    }

    #[test]
    fn a_phone_that_only_a_call_has_told_of_is_remembered() {
        let resolver = resolver(Roster::default());
        let phone_ref = resolver.phone_ref(&phone());
        let text = serde_json::to_string(&phone_ref).unwrap();
        let phone_ref: PhoneRef = serde_json::from_str(&text).unwrap();
        assert_eq!(phone_ref.key(), "SIP/1001");
        let again = resolver.resolve_ref(&phone_ref).unwrap();
        assert_eq!(
            (again.vendor, again.model.as_str()),
            (Vendor::Yealink, "T46G")
        );
        assert_eq!(again.address.to_string(), "192.0.2.21");
    }

    #[test]
    fn a_listed_phone_is_where_the_configuration_says() {
        let resolver = resolver(Roster::default());
        let found = resolver.find("boss").remove(0).unwrap();
        let again = resolver.resolve_ref(&resolver.phone_ref(&found)).unwrap();
        assert_eq!(again.address.to_string(), "192.0.2.9");
        let absent = resolver.find("1002").remove(0).unwrap_err();
        assert_eq!(absent.phone_ref, None, "no server will ever tell of it");
    }

    #[tokio::test]
    async fn a_server_that_knows_better_is_believed() {
        let tasks = Tasks::new();
        let (listener, roster) = listen(&tasks).await;
        let resolver = resolver(roster.clone());
        let mut arrivals = roster.arrivals();
        let absent = resolver.find("PJSIP/1001").remove(0).unwrap_err();
        let absent = *absent.phone_ref.unwrap();
        // It might be somebody else's address by now.
        let seen = PhoneRef {
            seen: resolver.phone_ref(&phone()).seen,
            ip: "192.0.2.77".parse().ok(),
            ..absent.clone()
        };
        assert_eq!(
            resolver.resolve_ref(&seen).unwrap_err().status,
            Status::NotFound
        );
        let mut session = Session::accept(&listener).await;
        session.answer_with_phone("192.0.2.21").await;
        arrivals.recv().await.unwrap();
        for phone_ref in [&absent, &seen] {
            let again = resolver.resolve_ref(phone_ref).unwrap();
            assert_eq!(again.address.to_string(), "192.0.2.21");
        }
        let other = PhoneEntry::unlisted("PJSIP/1002".parse().unwrap());
        let resolve = |facts: &RegistrationInfo| resolver.resolve(&other, facts).unwrap_err();
        assert!(resolve(&RegistrationInfo::default()).phone_ref.is_some());
        let soft_phone = RegistrationInfo {
            address: "192.0.2.22".parse().ok(),
            ..RegistrationInfo::default()
        };
        assert_eq!(resolve(&soft_phone).phone_ref, None);
    }
}
