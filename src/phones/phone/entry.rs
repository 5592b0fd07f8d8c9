//! How a phone is put together: what the configuration says wins, what Asterisk says fills in.

use super::registration_info::RegistrationInfo;
use super::{
    Address, Credentials, CstaCalls, Endpoint, Firmware, MacAddress, Phone, Vendor, sip_host,
};
use crate::verb::Via;
use handset_net::pin::Pin;

/// What the configuration says of one phone; everything but the name may be missing.
#[derive(Clone, Debug)]
pub struct PhoneEntry {
    /// The name that `phone=` uses.
    pub name: String,
    /// Its endpoint in Asterisk.
    pub endpoint: Option<Endpoint>,
    /// Its vendor.
    pub vendor: Option<Vendor>,
    /// Its model.
    pub model: Option<String>,
    /// Its firmware, where its User-Agent does not report one.
    pub firmware: Option<Firmware>,
    /// Where its web server listens.
    pub address: Option<Address>,
    /// Its hardware address.
    pub mac: Option<MacAddress>,
    /// What to say when it asks who we are.
    pub credentials: Option<Credentials>,
    /// The way to it that is preferred.
    pub via: Option<Via>,
    /// Its certificate, if its web server speaks TLS.
    pub pin: Option<Pin>,
    /// How CSTA requests name calls, if it differs from what the firmware suggests.
    pub csta_calls: Option<CstaCalls>,
}

/// What the configuration says of all phones of one vendor.
#[derive(Clone, Debug, Default)]
pub struct VendorDefaults {
    /// What to say when a phone asks who we are.
    pub credentials: Option<Credentials>,
    /// The port of the web servers, if not the usual one.
    pub port: Option<u16>,
}

impl PhoneEntry {
    /// Creates an entry for a phone that no configuration mentions.
    pub fn unlisted(endpoint: Endpoint) -> Self {
        Self {
            name: endpoint.name().to_owned(),
            endpoint: Some(endpoint),
            vendor: None,
            model: None,
            firmware: None,
            address: None,
            mac: None,
            credentials: None,
            via: None,
            pin: None,
            csta_calls: None,
        }
    }

    /// Returns whether the configuration alone says what the phone is and where.
    pub fn is_complete(&self) -> bool {
        self.vendor.is_some() && self.address.is_some() && self.model.is_some()
    }

    /// Joins this entry with what Asterisk says; the entry wins.
    ///
    /// `defaults` gives what the configuration says of all phones of a vendor.
    pub fn resolve(
        &self,
        facts: &RegistrationInfo,
        defaults: impl FnOnce(Vendor) -> VendorDefaults,
    ) -> Result<Phone, Unresolved> {
        let identity = facts.identity.clone();
        let unresolved = |missing| Unresolved {
            name: self.name.clone(),
            missing,
            tried: facts.tried.clone(),
        };
        let vendor = self
            .vendor
            .or_else(|| identity.as_ref().map(|identity| identity.vendor))
            .ok_or_else(|| unresolved("vendor"))?;
        let address = self
            .address
            .clone()
            .or_else(|| facts.address.map(Address::from));
        // A contact may have a name instead of an address.
        let name = || sip_host(facts.contact.as_deref()?).parse().ok();
        let mut address = address.or_else(name).ok_or_else(|| unresolved("address"))?;
        let defaults = defaults(vendor);
        if self.pin.is_none() {
            // The vendor's port is that of the servers without TLS.
            address.port = address.port.or(defaults.port);
        }
        // A User-Agent of another vendor than configured says nothing of this phone.
        let identity = identity.filter(|identity| identity.vendor == vendor);
        let (model, firmware, mac) = match identity {
            Some(identity) => (Some(identity.model), identity.firmware, identity.mac),
            None => Default::default(),
        };
        Ok(Phone {
            name: self.name.clone(),
            vendor,
            model: self.model.clone().or(model).unwrap_or_default(),
            firmware: Some(firmware)
                .filter(|firmware| !firmware.as_str().is_empty())
                .or_else(|| self.firmware.clone())
                .unwrap_or_default(),
            address,
            mac: self.mac.or(mac),
            endpoint: self.endpoint.clone().or_else(|| facts.endpoint.clone()),
            contact: facts.contact.clone(),
            behind_nat: facts.behind_nat.filter(|_| self.address.is_none()),
            credentials: self.credentials.clone().or(defaults.credentials),
            via: self.via,
            pin: self.pin,
            call_id: facts.call_id.clone(),
            csta_calls: self.csta_calls,
        })
    }
}

/// A phone whose vendor or address is unknown.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "cannot determine the {missing} of phone {name}; tried: {}; add a [[phone]] entry",
    tried_list(tried)
)]
pub struct Unresolved {
    /// Its name.
    pub name: String,
    missing: &'static str,
    tried: Vec<String>,
}

fn tried_list(tried: &[String]) -> String {
    if tried.is_empty() {
        "the configuration".to_owned()
    } else {
        tried.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Identity;

    fn entry() -> PhoneEntry {
        PhoneEntry::unlisted("PJSIP/1001".parse().unwrap())
    }

    fn facts(user_agent: &str) -> RegistrationInfo {
        RegistrationInfo {
            address: Some("192.0.2.21".parse().unwrap()),
            identity: Identity::of_user_agent(user_agent),
            tried: vec![format!("User-Agent {user_agent:?}")],
            ..RegistrationInfo::default()
        }
    }

    #[test]
    fn asterisk_alone_suffices() {
        let phone = entry().resolve(&facts("snomD785/10.1.1.1"), |_| VendorDefaults::default());
        let phone = phone.unwrap();
        assert_eq!((phone.vendor, phone.model.as_str()), (Vendor::Snom, "D785"));
        assert_eq!(phone.address.to_string(), "192.0.2.21");
    }

    #[test]
    fn the_configuration_wins() {
        let entry = PhoneEntry {
            vendor: Some(Vendor::Cisco),
            model: Some("7970".into()),
            address: Some("198.51.100.7:8080".parse().unwrap()),
            ..entry()
        };
        let defaults = |vendor| {
            assert_eq!(vendor, Vendor::Cisco);
            VendorDefaults {
                port: Some(81),
                credentials: Some(Credentials::new("u", "p".into())),
            }
        };
        let phone = entry
            .resolve(&facts("snomD785/10.1.1.1"), defaults)
            .unwrap();
        assert_eq!(
            (phone.vendor, phone.model.as_str()),
            (Vendor::Cisco, "7970")
        );
        assert_eq!(phone.firmware, Firmware::default());
        assert_eq!(phone.address.to_string(), "198.51.100.7:8080");
        assert_eq!(phone.credentials.unwrap().username, "u");
    }

    #[test]
    fn configured_firmware_fills_in_for_the_user_agent() {
        let entry = PhoneEntry {
            vendor: Some(Vendor::Snom),
            firmware: Some(Firmware::new("8.7.3.19")),
            csta_calls: Some(CstaCalls::Flat),
            ..entry()
        };
        let resolve = |user_agent| {
            let phone = entry.resolve(&facts(user_agent), |_| VendorDefaults::default());
            phone.unwrap()
        };
        assert_eq!(resolve("Zoiper").firmware.as_str(), "8.7.3.19");
        assert_eq!(resolve("Zoiper").csta_calls, Some(CstaCalls::Flat));
        let reported = resolve("snomD785/10.1.1.1");
        assert_eq!(reported.firmware.as_str(), "10.1.1.1");
    }

    #[test]
    fn the_vendors_port_is_used_where_none_is_named() {
        let defaults = |_| VendorDefaults {
            port: Some(8080),
            credentials: None,
        };
        let phone = entry()
            .resolve(&facts("Yealink SIP-T46G 28.1.1.1"), defaults)
            .unwrap();
        assert_eq!(phone.address.to_string(), "192.0.2.21:8080");
    }

    #[test]
    fn a_phone_with_a_certificate_keeps_off_the_vendors_port() {
        let defaults = |_| VendorDefaults {
            port: Some(8080),
            credentials: None,
        };
        let entry = PhoneEntry {
            pin: Some(Pin::of(b"certificate")),
            ..entry()
        };
        let phone = entry
            .resolve(&facts("snomD785/10.1.1.1"), defaults)
            .unwrap();
        assert_eq!(phone.address.port, None);
    }

    #[test]
    fn an_unknown_phone_says_what_was_tried() {
        let error = entry()
            .resolve(&facts("Zoiper"), |_| VendorDefaults::default())
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot determine the vendor of phone 1001; tried: User-Agent \"Zoiper\"; add a [[phone]] entry"
        );
    }
}
