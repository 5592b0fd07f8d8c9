//! Data about desk phones: plain values, no I/O.
//!
//! A [`Phone`] is complete: its vendor and address are known. [`PhoneEntry::resolve`] creates it from
//! the configuration (a [`PhoneEntry`]) and a registration (a [`RegistrationInfo`]).

mod auth_policy;
mod channel;
mod credentials;
mod csta_account;
mod csta_calls;
mod directory;
mod entry;
mod firmware;
mod http_identity;
mod id;
mod identity;
mod listing;
mod names;
mod pattern;
mod registered;
mod registration_info;
mod server_name;
mod state;
mod vendor;

use std::net::IpAddr;

use handset_net::pin::Pin;

use crate::verb::Via;

pub use auth_policy::AuthPolicy;
pub use channel::endpoint_of_channel;
pub use credentials::Credentials;
pub use csta_account::CstaAccount;
pub use csta_calls::CstaCalls;
pub use directory::{Directory, Target, UnknownMember};
pub use entry::{PhoneEntry, Unresolved, VendorDefaults, VendorDefaultsMap};
pub use firmware::Firmware;
pub use http_identity::HttpHeaders;
pub use id::{Address, Endpoint, MacAddress, Malformed, Technology, sip_host, sip_socket};
pub use identity::Identity;
pub use listing::Listing;
pub use names::{PhoneName, PhoneNames};
pub use pattern::Pattern;
pub use registered::{NoneRegistered, Registered};
pub use registration_info::RegistrationInfo;
pub use server_name::{InvalidServerName, ServerName};
pub use state::{Activity, PhoneState, States, is_device_of_phone, normalized_name};
pub use vendor::{UnknownVendor, Vendor};

/// A phone with a known vendor and address.
#[derive(Clone, Debug)]
pub struct Phone {
    /// The name in the configuration, else the name of its endpoint; with that of its server where
    /// phones of several servers have the name.
    pub name: String,
    /// Its vendor.
    pub vendor: Vendor,
    /// Its model as in the configuration or its User-Agent, such as `7970G` or `D785`; empty if
    /// unknown.
    pub model: String,
    /// Its firmware; empty if unknown.
    pub firmware: Firmware,
    /// The address of its web server.
    pub address: Address,
    /// Its hardware address, if known.
    pub mac: Option<MacAddress>,
    /// Its endpoint in Asterisk, if it has one.
    pub endpoint: Option<Endpoint>,
    /// The server of its endpoint, if known.
    pub server: Option<ServerName>,
    /// The URI of its contact in Asterisk, if known.
    pub contact: Option<String>,
    /// Its private address if it is behind NAT, where `address` does not reach it.
    pub behind_nat: Option<IpAddr>,
    /// Whether the configuration names it.
    pub listing: Listing,
    /// The credentials that it accepts and may have.
    pub credentials: Option<Credentials>,
    /// Whether its vendor has credentials that it may not have, since it is unlisted.
    pub is_denied_credentials: bool,
    /// The transport that the configuration prefers.
    pub via: Option<Via>,
    /// Its certificate, if its web server speaks TLS.
    pub pin: Option<Pin>,
    /// The `Call-ID` of its registration, which Cisco phones require in a request to restart.
    pub call_id: Option<String>,
    /// The identity that it registers with handsetd for CSTA sessions over SIP.
    pub csta: Option<CstaAccount>,
    /// How CSTA requests name calls, if it differs from what the firmware suggests.
    pub csta_calls: Option<CstaCalls>,
    /// Other contacts of its endpoint, which are not desk phones; requests leave them out, and the
    /// reason names them.
    pub left_out: Vec<String>,
}

impl Phone {
    /// Returns its name without that of its server.
    pub fn plain_name(&self) -> &str {
        let server = self.server.as_ref();
        server
            .and_then(|server| server.strip(&self.name))
            .unwrap_or(&self.name)
    }

    /// Returns a key that is the same whether or not other servers have a phone of this name, and that
    /// phones of several servers never share.
    pub fn key(&self) -> String {
        match &self.server {
            Some(server) if server.strip(&self.name).is_none() => server.qualify(&self.name),
            _ => self.name.clone(),
        }
    }

    /// Creates a phone of which only its address is known, and what it says of itself.
    pub fn anonymous(address: IpAddr, identity: Identity) -> Self {
        Self {
            name: address.to_string(),
            vendor: identity.vendor,
            model: identity.model,
            firmware: identity.firmware,
            address: Address::from(address),
            mac: None,
            endpoint: None,
            contact: None,
            behind_nat: None,
            listing: Listing::Unlisted,
            credentials: None,
            is_denied_credentials: false,
            via: None,
            pin: None,
            call_id: None,
            csta: None,
            csta_calls: None,
            left_out: Vec::new(),
            server: None,
        }
    }
}

#[cfg(any(test, feature = "testing"))]
impl Phone {
    /// Returns a phone named 1001 at 192.0.2.21 without optional properties; for tests.
    pub fn example(vendor: Vendor, model: &str) -> Self {
        Self {
            name: "1001".to_owned(),
            vendor,
            model: model.to_owned(),
            firmware: Firmware::default(),
            address: Address::from(IpAddr::from([192, 0, 2, 21])),
            mac: None,
            endpoint: None,
            server: None,
            contact: None,
            behind_nat: None,
            listing: Listing::Listed,
            credentials: None,
            is_denied_credentials: false,
            via: None,
            pin: None,
            call_id: None,
            csta: None,
            csta_calls: None,
            left_out: Vec::new(),
        }
    }
}
