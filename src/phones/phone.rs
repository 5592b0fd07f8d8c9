//! What handsetd knows about one desk phone: plain values, no I/O.
//!
//! A [`Phone`] is complete: whoever holds one knows what it is and where. It is made by
//! [`resolve`](PhoneEntry::resolve) from what the configuration says (an [`PhoneEntry`]) and what Asterisk
//! says (the [`RegistrationInfo`]). Nothing here knows how either of them was read.

mod credentials;
mod csta_calls;
mod directory;
mod entry;
mod id;
mod identity;
mod registration_info;
mod state;
mod vendor;

use std::net::IpAddr;

use crate::verb::Via;
use handset_net::pin::Pin;

pub use credentials::Credentials;
pub use csta_calls::CstaCalls;
pub use directory::{Directory, Target, UnknownMember};
pub use entry::{PhoneEntry, Unresolved, VendorDefaults};
pub use id::{Address, Endpoint, MacAddress, Malformed, Technology, sip_host};
pub use identity::{Firmware, Identity};
pub use registration_info::RegistrationInfo;
pub use state::{Activity, PhoneState, States, normalized_name};
pub use vendor::{UnknownVendor, Vendor};

/// A phone that can be addressed: what it is and where it is.
#[derive(Clone, Debug)]
pub struct Phone {
    /// What people call it: the name in the configuration, else the name of its endpoint.
    pub name: String,
    /// Who made it.
    pub vendor: Vendor,
    /// Its model as its User-Agent or the configuration writes it, such as `7970G` or `D785`; empty
    /// if nobody says.
    pub model: String,
    /// Its firmware; empty if nobody says.
    pub firmware: Firmware,
    /// Where its web server listens.
    pub address: Address,
    /// Its hardware address, if known.
    pub mac: Option<MacAddress>,
    /// Its endpoint in Asterisk, if it has one.
    pub endpoint: Option<Endpoint>,
    /// The URI that Asterisk reaches it at, if it is known.
    pub contact: Option<String>,
    /// Its own address if it is behind NAT, where `address` does not lead to it.
    pub behind_nat: Option<IpAddr>,
    /// What to say when it asks who we are.
    pub credentials: Option<Credentials>,
    /// The way to it that the configuration prefers.
    pub via: Option<Via>,
    /// Its certificate, if its web server speaks TLS.
    pub pin: Option<Pin>,
    /// The `Call-ID` of its registration, which Cisco phones want to hear from who restarts them.
    pub call_id: Option<String>,
    /// How CSTA requests name calls, if it differs from what the firmware suggests.
    pub csta_calls: Option<CstaCalls>,
}

#[cfg(any(test, feature = "testing"))]
impl Phone {
    /// Returns a phone called 1001 at 192.0.2.21, of which nothing else is known; for tests.
    pub fn example(vendor: Vendor, model: &str) -> Self {
        Self {
            name: "1001".to_owned(),
            vendor,
            model: model.to_owned(),
            firmware: Firmware::default(),
            address: Address::from(IpAddr::from([192, 0, 2, 21])),
            mac: None,
            endpoint: None,
            contact: None,
            behind_nat: None,
            credentials: None,
            via: None,
            pin: None,
            call_id: None,
            csta_calls: None,
        }
    }
}
