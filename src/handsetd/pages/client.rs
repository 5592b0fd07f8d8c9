//! The client that requests a page, and the phone that it is.

use std::net::IpAddr;

use handset_phones::phone::{Identity, Phone, PhoneNames};

use super::refusal::Refusal;
use crate::phone_networks::PhoneNetworks;
use crate::resolver::{Claims, NamedPhone, PhoneResolver};

/// Where a request comes from, and what it says of the phone.
#[derive(Clone, Debug)]
pub(crate) struct PageClient {
    pub(crate) peer: IpAddr,
    pub(crate) identity: Option<Identity>,
}

/// A phone that may have pages.
#[derive(Debug)]
pub(super) struct AdmittedPhone {
    /// Where its request comes from.
    pub(super) peer: IpAddr,
    pub(super) phone: Phone,
    /// Its name, or why it has none: what it sends is not from a phone then.
    pub(super) speaker: Result<NamedPhone, String>,
}

impl PageClient {
    /// Decides which phone asks, and whether it may.
    pub(super) fn admit(
        self,
        resolver: &PhoneResolver,
        networks: &PhoneNetworks,
    ) -> Result<AdmittedPhone, Refusal> {
        let Self { peer, identity } = self;
        let mac = identity.as_ref().and_then(|identity| identity.mac);
        let mac = mac.map(|mac| mac.to_string());
        let claims = Claims {
            mac: mac.as_deref(),
            ..Claims::default()
        };
        let speaker = resolver.speaker(peer, claims);
        let known = speaker
            .as_ref()
            .ok()
            .and_then(|phone| phone_of(resolver, phone, peer));
        let is_named = known.as_ref().is_some_and(|phone| phone.listing.is_named());
        if !is_named && let Err(reason) = networks.check(peer) {
            return Err(Refusal::NoPhone {
                address: peer,
                reason,
            });
        }
        let phone = match (known, identity) {
            (Some(phone), Some(identity))
                if phone.model.is_empty() && phone.vendor == identity.vendor =>
            {
                Phone {
                    model: identity.model,
                    firmware: identity.firmware,
                    ..phone
                }
            }
            (Some(phone), _) => phone,
            (None, Some(identity)) => Phone::anonymous(peer, identity),
            (None, None) => return Err(Refusal::UnknownVendor { address: peer }),
        };
        Ok(AdmittedPhone {
            peer,
            phone,
            speaker,
        })
    }
}

/// Returns a phone by its name, that at `peer` if it has several contacts.
fn phone_of(resolver: &PhoneResolver, named: &NamedPhone, peer: IpAddr) -> Option<Phone> {
    let found = resolver.find(&PhoneNames::inserted(&named.name), named.server.as_ref());
    let mut found: Vec<Phone> = found.into_iter().filter_map(Result::ok).collect();
    let is_there = |phone: &Phone| phone.address.ip().map(|ip| ip.to_canonical()) == Some(peer);
    let at = found.iter().position(is_there).unwrap_or_default();
    (at < found.len()).then(|| found.swap_remove(at))
}
