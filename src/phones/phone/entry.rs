//! Joins configuration and registration into a [`Phone`]: the configuration wins, the registration
//! fills in.

use std::collections::BTreeMap;

use handset_net::pin::Pin;

use super::registration_info::RegistrationInfo;
use super::{
    Address, AuthPolicy, Credentials, CstaAccount, CstaCalls, Endpoint, Firmware, Listing,
    MacAddress, Phone, ServerName, Vendor, sip_host,
};
use crate::verb::Via;

/// A phone as configured; everything but the name may be missing.
#[derive(Clone, Debug)]
pub struct PhoneEntry {
    /// The name that `phone=` uses.
    pub name: String,
    /// Its endpoint in Asterisk.
    pub endpoint: Option<Endpoint>,
    /// The server of its endpoint; `None` if it may be that of any server.
    pub server: Option<ServerName>,
    /// Its vendor.
    pub vendor: Option<Vendor>,
    /// Its model.
    pub model: Option<String>,
    /// Its firmware, for phones whose User-Agent does not report one.
    pub firmware: Option<Firmware>,
    /// The address of its web server.
    pub address: Option<Address>,
    /// Its hardware address.
    pub mac: Option<MacAddress>,
    /// The credentials that it accepts.
    pub credentials: Option<Credentials>,
    /// The schemes that may carry its password; `None` means those of its vendor.
    pub auth: Option<AuthPolicy>,
    /// The preferred transport.
    pub via: Option<Via>,
    /// Its certificate, if its web server speaks TLS.
    pub pin: Option<Pin>,
    /// The identity that it registers with handsetd for CSTA sessions over SIP.
    pub csta: Option<CstaAccount>,
    /// How CSTA requests name calls, if it differs from what the firmware suggests.
    pub csta_calls: Option<CstaCalls>,
    /// Whether a `[[phone]]` names it.
    pub listing: Listing,
}

/// Settings for all phones of one vendor.
#[derive(Clone, Debug, Default)]
pub struct VendorDefaults {
    /// The credentials that the phones accept.
    pub credentials: Option<Credentials>,
    /// The schemes that may carry the passwords of the phones.
    pub auth: AuthPolicy,
    /// The port of the web servers, if not 80.
    pub port: Option<u16>,
    /// Whether phones that no `[[phone]]` names get the credentials, too.
    pub for_unlisted: bool,
}

/// The settings by vendor; a vendor without settings may be missing.
pub type VendorDefaultsMap = BTreeMap<Vendor, VendorDefaults>;

impl PhoneEntry {
    /// Creates an entry for a phone that is not configured.
    pub fn unlisted(endpoint: Endpoint) -> Self {
        Self {
            name: endpoint.name().to_owned(),
            endpoint: Some(endpoint),
            server: None,
            vendor: None,
            model: None,
            firmware: None,
            address: None,
            mac: None,
            credentials: None,
            auth: None,
            via: None,
            pin: None,
            csta: None,
            csta_calls: None,
            listing: Listing::Unlisted,
        }
    }

    /// Returns the entry as that of the phone of a server, unless it says which or has no endpoint.
    #[must_use]
    pub fn at(self, server: Option<&ServerName>) -> Self {
        let server = server.filter(|_| self.endpoint.is_some());
        Self {
            server: self.server.or_else(|| server.cloned()),
            ..self
        }
    }

    /// Returns whether vendor, address and model are configured, so that no registration is needed.
    pub fn is_complete(&self) -> bool {
        self.vendor.is_some() && self.address.is_some() && self.model.is_some()
    }

    /// Joins this entry with a registration; the entry wins.
    ///
    /// # Errors
    ///
    /// Returns an error if neither has the vendor, or neither has the address.
    pub fn resolve(
        &self,
        info: &RegistrationInfo,
        defaults: &VendorDefaultsMap,
    ) -> Result<Phone, Unresolved> {
        let identity = info.identity.clone();
        let unresolved = |missing| Unresolved {
            name: self.name.clone(),
            missing,
            sources: info.sources.clone(),
            is_named: self.listing.is_named(),
        };
        let vendor = self
            .vendor
            .or_else(|| identity.as_ref().map(|identity| identity.vendor))
            .ok_or_else(|| unresolved("vendor"))?;
        let address = self
            .address
            .clone()
            .or_else(|| info.address.map(Address::from));
        // The host of a contact may be a name, which the source address never is.
        let host = || sip_host(info.contact.as_deref()?).parse().ok();
        let mut address = address.or_else(host).ok_or_else(|| unresolved("address"))?;
        let defaults = defaults.get(&vendor).cloned().unwrap_or_default();
        let policy = self.auth.unwrap_or(defaults.auth);
        if self.pin.is_none() {
            // The vendor's port is for servers without TLS.
            address.port = address.port.or(defaults.port);
        }
        // A User-Agent of another vendor than the configured one does not describe this phone.
        let identity = identity.filter(|identity| identity.vendor == vendor);
        let (model, firmware, mac) = match identity {
            Some(identity) => (Some(identity.model), identity.firmware, identity.mac),
            None => Default::default(),
        };
        let may_have = self.listing.is_named() || defaults.for_unlisted;
        let shared = defaults.credentials.as_ref();
        let credentials = self
            .credentials
            .as_ref()
            .or_else(|| shared.filter(|_| may_have));
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
            endpoint: self.endpoint.clone().or_else(|| info.endpoint.clone()),
            server: self.server.clone().or_else(|| info.server.clone()),
            contact: info.contact.clone(),
            behind_nat: info.behind_nat.filter(|_| self.address.is_none()),
            listing: match self.listing {
                Listing::Listed if self.address.is_none() => Listing::Named,
                listing => listing,
            },
            is_denied_credentials: credentials.is_none() && shared.is_some(),
            credentials: credentials
                .cloned()
                .map(|credentials| credentials.with_policy(policy)),
            via: self.via,
            pin: self.pin,
            call_id: info.call_id.clone(),
            csta: self.csta.clone(),
            csta_calls: self.csta_calls,
            left_out: Vec::new(),
        })
    }
}

/// A phone whose vendor or address is unknown.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "cannot determine the {missing} of phone {name}; tried: {}; {}",
    list(sources),
    cure(missing, *is_named)
)]
pub struct Unresolved {
    /// Its name.
    pub name: String,
    /// What was asked, and what came of it.
    pub sources: Vec<String>,
    missing: &'static str,
    /// Whether a `[[phone]]` names it.
    is_named: bool,
}

fn cure(missing: &str, is_named: bool) -> String {
    if is_named {
        format!("add {missing} to its [[phone]]")
    } else {
        format!("add a [[phone]] of this name with its {missing}")
    }
}

fn list(sources: &[String]) -> String {
    if sources.is_empty() {
        "the configuration".to_owned()
    } else {
        sources.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Identity;

    fn entry() -> PhoneEntry {
        PhoneEntry::unlisted("PJSIP/1001".parse().unwrap())
    }

    fn info(user_agent: &str) -> RegistrationInfo {
        RegistrationInfo {
            address: Some("192.0.2.21".parse().unwrap()),
            identity: Identity::of_user_agent(user_agent),
            sources: vec![format!("User-Agent {user_agent:?}")],
            ..RegistrationInfo::default()
        }
    }

    #[test]
    fn registration_without_an_entry_suffices() {
        let phone = entry().resolve(&info("snomD785/10.1.1.1"), &VendorDefaultsMap::new());
        let phone = phone.unwrap();
        assert_eq!((phone.vendor, phone.model.as_str()), (Vendor::Snom, "D785"));
        assert_eq!(phone.address.to_string(), "192.0.2.21");
    }

    #[test]
    fn configuration_overrides_registration() {
        let entry = PhoneEntry {
            vendor: Some(Vendor::Cisco),
            model: Some("7970".into()),
            address: Some("198.51.100.7:8080".parse().unwrap()),
            listing: Listing::Listed,
            ..entry()
        };
        let settings = |username: &str| VendorDefaults {
            port: Some(81),
            credentials: Some(Credentials::new(username, "p".into())),
            ..VendorDefaults::default()
        };
        let defaults = VendorDefaultsMap::from([
            (Vendor::Cisco, settings("u")),
            (Vendor::Snom, settings("other")),
        ]);
        let phone = entry
            .resolve(&info("snomD785/10.1.1.1"), &defaults)
            .unwrap();
        assert_eq!(
            (phone.vendor, phone.model.as_str()),
            (Vendor::Cisco, "7970")
        );
        assert_eq!(phone.firmware, Firmware::default());
        assert_eq!(phone.address.to_string(), "198.51.100.7:8080");
        assert_eq!(phone.listing, Listing::Listed);
        assert_eq!(phone.credentials.unwrap().username, "u");
    }

    #[test]
    fn unlisted_phone_gets_the_password_of_its_vendor_only_if_configured() {
        let resolve = |listing, for_unlisted| {
            let settings = VendorDefaults {
                credentials: Some(Credentials::new("u", "p".into())),
                for_unlisted,
                ..VendorDefaults::default()
            };
            let entry = PhoneEntry { listing, ..entry() };
            let defaults = VendorDefaultsMap::from([(Vendor::Snom, settings)]);
            let phone = entry.resolve(&info("snomD785/10.1.1.1"), &defaults);
            let phone = phone.unwrap();
            // Its address is that of its registration.
            let expected = match listing {
                Listing::Listed => Listing::Named,
                listing => listing,
            };
            assert_eq!(phone.listing, expected);
            (phone.credentials.is_some(), phone.is_denied_credentials)
        };
        assert_eq!(resolve(Listing::Unlisted, false), (false, true));
        assert_eq!(resolve(Listing::Unlisted, true), (true, false));
        assert_eq!(resolve(Listing::Listed, false), (true, false));
    }

    #[test]
    fn auth_of_a_phone_overrules_that_of_its_vendor() {
        let policy = |own: Option<AuthPolicy>, shared, credentials| {
            let entry = PhoneEntry {
                auth: own,
                credentials,
                listing: Listing::Listed,
                ..entry()
            };
            let settings = VendorDefaults {
                credentials: Some(Credentials::new("u", "p".into())),
                auth: shared,
                ..VendorDefaults::default()
            };
            let defaults = VendorDefaultsMap::from([(Vendor::Snom, settings)]);
            let phone = entry.resolve(&info("snomD785/10.1.1.1"), &defaults);
            phone.unwrap().credentials.unwrap().policy()
        };
        let (any, digest) = (AuthPolicy::Any, AuthPolicy::Digest);
        for credentials in [None, Some(Credentials::new("own", "p".into()))] {
            assert_eq!(policy(None, any, credentials.clone()), any);
            assert_eq!(policy(None, digest, credentials.clone()), digest);
            assert_eq!(policy(Some(digest), any, credentials.clone()), digest);
            assert_eq!(policy(Some(any), digest, credentials), any);
        }
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
            let phone = entry.resolve(&info(user_agent), &VendorDefaultsMap::new());
            phone.unwrap()
        };
        assert_eq!(resolve("Zoiper").firmware.as_str(), "8.7.3.19");
        assert_eq!(resolve("Zoiper").csta_calls, Some(CstaCalls::Flat));
        let reported = resolve("snomD785/10.1.1.1");
        assert_eq!(reported.firmware.as_str(), "10.1.1.1");
    }

    #[test]
    fn vendor_port_is_the_default() {
        let settings = VendorDefaults {
            port: Some(8080),
            ..VendorDefaults::default()
        };
        let defaults = VendorDefaultsMap::from([(Vendor::Yealink, settings)]);
        let phone = entry()
            .resolve(&info("Yealink SIP-T46G 28.1.1.1"), &defaults)
            .unwrap();
        assert_eq!(phone.address.to_string(), "192.0.2.21:8080");
    }

    #[test]
    fn vendor_port_does_not_apply_to_tls() {
        let settings = VendorDefaults {
            port: Some(8080),
            ..VendorDefaults::default()
        };
        let defaults = VendorDefaultsMap::from([(Vendor::Snom, settings)]);
        let entry = PhoneEntry {
            pin: Some(Pin::of(b"certificate")),
            ..entry()
        };
        let phone = entry
            .resolve(&info("snomD785/10.1.1.1"), &defaults)
            .unwrap();
        assert_eq!(phone.address.port, None);
    }

    #[test]
    fn unresolved_phone_lists_the_sources() {
        let error = entry()
            .resolve(&info("Zoiper"), &VendorDefaultsMap::new())
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot determine the vendor of phone 1001; tried: User-Agent \"Zoiper\"; add a \
             [[phone]] of this name with its vendor"
        );
        let named = PhoneEntry {
            listing: Listing::Listed,
            ..entry()
        };
        let error = named.resolve(&RegistrationInfo::default(), &VendorDefaultsMap::new());
        assert_eq!(
            error.unwrap_err().to_string(),
            "cannot determine the vendor of phone 1001; tried: the configuration; add vendor to its \
             [[phone]]"
        );
    }
}
