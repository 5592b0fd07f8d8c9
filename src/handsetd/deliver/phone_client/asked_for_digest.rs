//! The phones that have asked for Digest.
//!
//! A phone that asks for Digest has no reason to ask for Basic later, but a program in its place
//! has: Basic is how it learns the password. So such a phone is never answered in Basic again, until
//! handsetd restarts.
//!
//! A phone is recognized by its name and its vendor, at whatever address; by its name and the
//! password, whatever vendor it claims to be of; and by its address and its vendor, under whatever
//! name. The vendor counts, since an endpoint may have phones of several vendors, and an address may
//! get another phone. A hardware address does not count: anything can claim one in its `User-Agent`,
//! and so could have a phone taken for one that asked for Digest.
//!
//! Yealink phones have two accounts. They may ask for Digest for pushes, and yet know only Basic for
//! commands, so the two are remembered separately.

use std::time::Duration;

use handset_net::expiring::ExpiringMap;
use handset_phones::phone::{Address, Credentials, Phone, Vendor};
use handset_phones::vendor::Method;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

/// Remembers the phones that have asked for Digest.
#[derive(Debug)]
pub(super) struct AskedForDigest(Mutex<Known>);

#[derive(Debug)]
struct Known {
    /// Names are those of `[[phone]]` sections and of endpoints in Asterisk, which no phone can make
    /// up. So no phone can crowd out others, unlike in `addresses`.
    names: ExpiringMap<(Name, Area), ()>,
    addresses: ExpiringMap<((Address, Vendor), Area), ()>,
}

/// The part of a phone's web server that a password is for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Area {
    All,
    YealinkCommands,
    YealinkPushes,
}

impl Area {
    /// Returns the area of a request.
    pub(super) fn of(vendor: Vendor, method: Method) -> Self {
        match (vendor, method) {
            (Vendor::Yealink, Method::Get) => Self::YealinkCommands,
            (Vendor::Yealink, Method::Post) => Self::YealinkPushes,
            (Vendor::Cisco | Vendor::Generic | Vendor::Snom, _) => Self::All,
        }
    }

    /// Returns the areas that share something with this one.
    fn overlapping(self) -> &'static [Self] {
        match self {
            Self::All => &[Self::All, Self::YealinkCommands, Self::YealinkPushes],
            Self::YealinkCommands => &[Self::All, Self::YealinkCommands],
            Self::YealinkPushes => &[Self::All, Self::YealinkPushes],
        }
    }
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Name {
    OfVendor(String, Vendor),
    WithPassword(String, PasswordHash),
}

type PasswordHash = [u8; 32];

impl Default for AskedForDigest {
    fn default() -> Self {
        Self(Mutex::new(Known {
            names: ExpiringMap::new(MAX_NAMES),
            addresses: ExpiringMap::new(MAX_ADDRESSES),
        }))
    }
}

impl AskedForDigest {
    /// Records that `phone`, which has these credentials, has asked for Digest.
    pub(super) fn record(&self, phone: &Phone, area: Area, credentials: Option<&Credentials>) {
        let (mut known, now) = (self.0.lock(), Instant::now());
        for name in names(phone, credentials) {
            known.names.insert((name, area), (), LIFETIME, now);
        }
        let address = (address(phone), area);
        known.addresses.insert(address, (), LIFETIME, now);
    }

    /// Returns whether `phone` has asked for Digest.
    pub(super) fn contains(
        &self,
        phone: &Phone,
        area: Area,
        credentials: Option<&Credentials>,
    ) -> bool {
        let (known, now) = (self.0.lock(), Instant::now());
        area.overlapping().iter().any(|area| {
            known.addresses.contains(&(address(phone), *area), now)
                || names(phone, credentials).any(|name| known.names.contains(&(name, *area), now))
        })
    }
}

fn names(phone: &Phone, credentials: Option<&Credentials>) -> impl Iterator<Item = Name> {
    let of_vendor = Name::OfVendor(phone.key(), phone.vendor);
    let with_password = credentials
        .map(|credentials| Name::WithPassword(phone.key(), hash(credentials.password())));
    [of_vendor].into_iter().chain(with_password)
}

fn address(phone: &Phone) -> (Address, Vendor) {
    (phone.address.clone(), phone.vendor)
}

fn hash(password: &str) -> PasswordHash {
    Sha256::digest(password).into()
}

/// How many names are remembered, two to four for each phone. Beyond it, phones that have not asked
/// for the longest time are forgotten.
const MAX_NAMES: usize = 80_000;

/// How many addresses are remembered. A single SIP account may use up all of them, address by
/// address; what that gains is a password that it gets at a new address anyway.
const MAX_ADDRESSES: usize = 20_000;

/// How long a phone is remembered after it last asked: longer than any process runs.
const LIFETIME: Duration = Duration::from_hours(24 * 365 * 10);

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(name: &str, address: &str, vendor: Vendor) -> Phone {
        Phone {
            name: name.to_owned(),
            address: address.parse().unwrap(),
            ..Phone::example(vendor, "")
        }
    }

    #[test]
    fn phone_is_recognized_by_its_name_and_by_its_address() {
        use Vendor::{Snom, Yealink};
        let memory = AskedForDigest::default();
        let password = |text: &str| Some(Credentials::new("u", text.into()));
        let contains = |name, address, vendor, text| {
            let area = Area::of(vendor, Method::Get);
            memory.contains(&phone(name, address, vendor), area, password(text).as_ref())
        };
        assert!(!contains("1001", "192.0.2.1", Snom, "p"));
        let desk = phone("1001", "192.0.2.1", Snom);
        memory.record(&desk, Area::All, password("p").as_ref());
        assert!(contains("1001", "192.0.2.1", Snom, "p"));
        assert!(contains("1001", "192.0.2.2", Snom, "p"), "moved");
        assert!(contains("1001", "192.0.2.2", Snom, "changed"));
        assert!(contains("1001", "192.0.2.2", Yealink, "p"), "disguised");
        assert!(contains("1002", "192.0.2.1", Snom, "q"), "renamed");
        // Another phone of the endpoint, another phone at the address, another phone.
        assert!(!contains("1001", "192.0.2.2", Yealink, "q"));
        assert!(!contains("1002", "192.0.2.1", Yealink, "p"));
        assert!(!contains("1002", "192.0.2.1:8080", Snom, "p"));
        let unlisted = phone("1001", "192.0.2.9", Snom);
        assert!(memory.contains(&unlisted, Area::All, None));
    }

    #[test]
    fn commands_and_pushes_of_yealink_phones_are_separate() {
        let memory = AskedForDigest::default();
        let desk = phone("1001", "192.0.2.1", Vendor::Yealink);
        let area = |method| Area::of(Vendor::Yealink, method);
        memory.record(&desk, area(Method::Post), None);
        assert!(memory.contains(&desk, area(Method::Post), None));
        assert!(!memory.contains(&desk, area(Method::Get), None));
        memory.record(&desk, area(Method::Get), None);
        assert!(memory.contains(&desk, area(Method::Get), None));
    }

    #[test]
    fn flood_of_addresses_does_not_make_a_phone_forgotten() {
        let memory = AskedForDigest::default();
        let password = Credentials::new("u", "p".into());
        let desk = phone("1001", "192.0.2.1", Vendor::Snom);
        memory.record(&desk, Area::All, Some(&password));
        for at in 0..u32::try_from(MAX_ADDRESSES).unwrap() {
            let address = std::net::Ipv4Addr::from_bits(0x0A00_0000 + at).to_string();
            let other = phone("666", &address, Vendor::Snom);
            memory.record(&other, Area::All, Some(&password));
        }
        assert!(memory.contains(&desk, Area::All, Some(&password)));
        let known = memory.0.lock();
        assert_eq!(known.addresses.len(), MAX_ADDRESSES);
        assert_eq!(known.names.len(), 4);
    }
}
