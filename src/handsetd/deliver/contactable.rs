//! Phones whose web servers may be connected to.
//!
//! A SIP account chooses the contact of its phone, so handsetd goes where it says only in the networks
//! of the phones, and where a `[[phone]]` names the phone, to any host that is no special one. Where the contact is a name, it is resolved once, and the address that was checked
//! takes its place: nothing resolves it again.

use std::borrow::Cow;
use std::ops::Deref;
use std::time::Duration;

use handset_phones::phone::{Address, Listing, Phone};
use tokio::time::timeout;

use super::failure::Failure;
use super::look_up::LookUp;
use crate::outcome::Status;
use crate::phone_networks::PhoneNetworks;

/// A phone whose web server may be connected to, at its address. Only this module creates one.
#[derive(Clone, Debug)]
pub(super) struct Contactable<'a>(Cow<'a, Phone>);

impl Deref for Contactable<'_> {
    type Target = Phone;

    fn deref(&self) -> &Phone {
        &self.0
    }
}

impl<'a> Contactable<'a> {
    /// Checks the address of a phone. It may be any that the administrator wrote; any of an ordinary
    /// host, if the administrator has named the phone.
    pub(super) async fn check(
        phone: &'a Phone,
        networks: &PhoneNetworks,
        look_up: LookUp,
    ) -> Result<Self, Failure> {
        let check = match phone.listing {
            Listing::Listed => return Ok(Self(Cow::Borrowed(phone))),
            Listing::Named => PhoneNetworks::check_named,
            Listing::Unlisted => PhoneNetworks::check,
        };
        let host = &phone.address.host;
        let addresses = match phone.address.ip() {
            Some(ip) => vec![ip],
            None => match timeout(LOOK_UP_TIMEOUT, look_up(host.clone())).await {
                Ok(Ok(addresses)) => addresses,
                Ok(Err(error)) => {
                    let reason = format!("cannot look up {host}: {error}");
                    return Err(Failure::new(Status::Unreachable, reason));
                }
                Err(_) => {
                    let reason = format!("cannot look up {host}: no answer in time");
                    return Err(Failure::new(Status::Unreachable, reason));
                }
            },
        };
        let mut refused = None;
        for ip in addresses {
            match check(networks, ip) {
                Ok(destination) => {
                    let address = Address {
                        port: phone.address.port,
                        ..Address::from(destination.ip())
                    };
                    return Ok(Self(Cow::Owned(Phone {
                        address,
                        ..phone.clone()
                    })));
                }
                Err(why) => refused = refused.or(Some((ip, why))),
            }
        }
        let Some((ip, why)) = refused else {
            let reason = format!("cannot look up {host}: it has no address");
            return Err(Failure::new(Status::Unreachable, reason));
        };
        let endpoint = phone.endpoint.as_ref().map(ToString::to_string);
        let name = endpoint.as_deref().unwrap_or(&phone.name);
        let place = match phone.address.ip() {
            Some(_) => ip.to_string(),
            None => format!("{host} ({ip})"),
        };
        let reason = format!("{name} is at {place}, {why}");
        Err(Failure::new(Status::Denied, reason))
    }
}

#[cfg(test)]
impl<'a> Contactable<'a> {
    /// Returns a phone that a test talks to.
    pub(super) fn example(phone: &'a Phone) -> Self {
        Self(Cow::Borrowed(phone))
    }
}

/// How long looking up the name of a contact may take.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests;
