//! Finding the same phone again later, and after a restart.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Finder, Found, Missing};
use crate::outcome::{Outcome, Status};
use crate::phone::{Endpoint, Facts, Firmware, Identity, Phone, Target};

/// What finds a phone again: no secret, and nothing that the configuration or Asterisk tells anew.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Bearings {
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

impl Bearings {
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
    pub fn key(&self) -> &str {
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

impl Finder {
    /// Takes the bearings of a phone.
    pub fn bearings(&self, phone: &Phone) -> Bearings {
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
        Bearings {
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

    /// Finds a phone again, wherever it is now.
    pub fn again(&self, bearings: &Bearings) -> Result<Phone, Outcome> {
        let (mut found, mut missing) = (Vec::new(), None);
        for one in self.find(&bearings.text) {
            match one {
                Ok(phone) => found.push(phone),
                Err(Missing { outcome, .. }) => missing = Some(outcome),
            }
        }
        if let Some(at) = found.iter().position(|phone| bearings.is_of(phone)) {
            return Ok(found.swap_remove(at));
        }
        // The same endpoint may have another phone now, or another address. Of several, whoever was
        // not there when it was asked has no face; the first will do.
        let has_face = bearings.mac.is_some() || bearings.ip.is_some();
        if found.len() == 1 || !has_face && !found.is_empty() {
            return Ok(found.swap_remove(0));
        }
        if found.is_empty()
            && let Some(phone) = self.remembered(bearings)
        {
            return Ok(phone);
        }
        Err(missing.unwrap_or_else(|| {
            let reason =
                "its endpoint has several phones, and none of them is the one that was meant";
            Outcome::at(&bearings.text, None, Status::NotFound, reason)
        }))
    }

    /// Puts a phone together from what a call told of it, where no server could know better.
    fn remembered(&self, bearings: &Bearings) -> Option<Phone> {
        if self.roster.follows_any() {
            return None;
        }
        let seen = bearings.seen.as_ref()?;
        let identity = Identity {
            vendor: seen.vendor.parse().ok()?,
            model: seen.model.clone(),
            firmware: Firmware::new(&seen.firmware),
            mac: bearings.mac.as_ref().and_then(|mac| mac.parse().ok()),
        };
        let facts = Facts {
            address: bearings.ip,
            identity: Some(identity),
            ..Facts::default()
        };
        let target = self.targets(&bearings.text).into_iter().next()?;
        let (Target::Listed(entry) | Target::Unlisted(entry)) = target else {
            return None;
        };
        let found: Found = self.resolve(&entry, &facts);
        found.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::{Directory, Entry, Vendor, VendorDefaults};
    use crate::roster::Roster;
    use crate::roster::testing::{Session, listen};
    use crate::shutdown::Tasks;

    fn finder(roster: Roster) -> Finder {
        let listed = Entry {
            name: "boss".to_owned(),
            vendor: Some(Vendor::Snom),
            model: Some("D785".to_owned()),
            address: Some("192.0.2.9".parse().unwrap()),
            ..Entry::unlisted("PJSIP/1009".parse().unwrap())
        };
        let directory = Directory::new(vec![listed], std::collections::HashMap::new());
        Finder::new(directory.unwrap(), roster, |_| VendorDefaults::default())
    }

    fn phone() -> Phone {
        Phone {
            endpoint: "SIP/1001".parse().ok(),
            ..Phone::example(Vendor::Yealink, "T46G")
        }
    }

    #[test]
    fn a_phone_that_only_a_call_has_told_of_is_remembered() {
        let finder = finder(Roster::default());
        let bearings = finder.bearings(&phone());
        let text = serde_json::to_string(&bearings).unwrap();
        let bearings: Bearings = serde_json::from_str(&text).unwrap();
        assert_eq!(bearings.key(), "SIP/1001");
        let again = finder.again(&bearings).unwrap();
        assert_eq!(
            (again.vendor, again.model.as_str()),
            (Vendor::Yealink, "T46G")
        );
        assert_eq!(again.address.to_string(), "192.0.2.21");
    }

    #[test]
    fn a_listed_phone_is_where_the_configuration_says() {
        let finder = finder(Roster::default());
        let found = finder.find("boss").remove(0).unwrap();
        let again = finder.again(&finder.bearings(&found)).unwrap();
        assert_eq!(again.address.to_string(), "192.0.2.9");
        let absent = finder.find("1002").remove(0).unwrap_err();
        assert_eq!(absent.bearings, None, "no server will ever tell of it");
    }

    #[tokio::test]
    async fn a_server_that_knows_better_is_believed() {
        let tasks = Tasks::new();
        let (listener, roster) = listen(&tasks).await;
        let finder = finder(roster.clone());
        let mut arrivals = roster.arrivals();
        let absent = finder.find("PJSIP/1001").remove(0).unwrap_err();
        let absent = *absent.bearings.unwrap();
        // It might be somebody else's address by now.
        let seen = Bearings {
            seen: finder.bearings(&phone()).seen,
            ip: "192.0.2.77".parse().ok(),
            ..absent.clone()
        };
        assert_eq!(finder.again(&seen).unwrap_err().status, Status::NotFound);
        let mut session = Session::accept(&listener).await;
        session.tell_one("192.0.2.21").await;
        arrivals.recv().await.unwrap();
        for bearings in [&absent, &seen] {
            let again = finder.again(bearings).unwrap();
            assert_eq!(again.address.to_string(), "192.0.2.21");
        }
        let other = Entry::unlisted("PJSIP/1002".parse().unwrap());
        let resolve = |facts: &Facts| finder.resolve(&other, facts).unwrap_err();
        assert!(resolve(&Facts::default()).bearings.is_some());
        let soft_phone = Facts {
            address: "192.0.2.22".parse().ok(),
            ..Facts::default()
        };
        assert_eq!(resolve(&soft_phone).bearings, None);
    }
}
