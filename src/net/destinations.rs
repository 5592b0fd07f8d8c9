//! Addresses that may be connected to (against SSRF).
//!
//! An address is checked itself, after its name was resolved, and what was checked is what is
//! connected to: a name that was checked earlier may resolve to another address a moment later (DNS
//! rebinding).

mod special;

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::allow_list::AllowList;

pub use special::SpecialRange;

/// The networks that may be connected to.
///
/// An address of a [`SpecialRange`] is in them only if an entry lies within that range: `127.0.0.0/8`
/// permits the loopback addresses, `0.0.0.0/0` does not. Likewise an address of this machine requires
/// an entry for it alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Destinations {
    networks: Vec<IpNet>,
    own: OwnAddresses,
}

/// Whether the addresses of this machine may be connected to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum OwnAddresses {
    Permitted,
    IfWritten,
}

/// An address that may be connected to. Only [`Destinations`] creates one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Destination(IpAddr);

/// Why an address may not be connected to.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Forbidden {
    /// It is in none of the networks.
    #[error("not in the networks")]
    Elsewhere,
    /// It is that of no ordinary host.
    #[error("{0}")]
    Special(SpecialRange),
    /// It is one of this machine.
    #[error("an address of this machine")]
    Own,
}

impl Destinations {
    /// Permits the addresses in `networks`.
    pub fn new(networks: &AllowList) -> Self {
        Self {
            networks: networks.networks().collect(),
            own: OwnAddresses::IfWritten,
        }
    }

    /// Permits all addresses but those of special ranges; of those, the loopback addresses. For hosts
    /// that an administrator has named.
    pub fn any_host() -> Self {
        let networks = AllowList::loopback().networks().chain(EVERYWHERE).collect();
        Self {
            networks,
            own: OwnAddresses::Permitted,
        }
    }

    /// Also permits all other addresses that are neither of a special range nor of this machine.
    #[must_use]
    pub fn and_ordinary_hosts(mut self) -> Self {
        self.networks.extend(EVERYWHERE);
        self
    }

    /// Checks an address. The addresses of this machine are looked up each time, since they change.
    ///
    /// # Errors
    ///
    /// Returns why it may not be connected to.
    pub fn check(&self, address: IpAddr) -> Result<Destination, Forbidden> {
        self.check_with(address, is_own)
    }

    fn check_with(
        &self,
        address: IpAddr,
        is_own: impl FnOnce(IpAddr) -> io::Result<bool>,
    ) -> Result<Destination, Forbidden> {
        let address = address.to_canonical();
        let mut around = self.networks.iter().filter(|net| net.contains(&address));
        if let Some(range) = SpecialRange::of(address) {
            let is_written = around.any(|network| range.contains(network));
            return is_written
                .then_some(Destination(address))
                .ok_or(Forbidden::Special(range));
        }
        let around: Vec<_> = around.collect();
        if around.is_empty() {
            return Err(Forbidden::Elsewhere);
        }
        let is_written = around
            .iter()
            .any(|network| network.prefix_len() == network.max_prefix_len());
        // Without the list, any address might be one of this machine.
        if self.own == OwnAddresses::IfWritten && !is_written && is_own(address).unwrap_or(true) {
            return Err(Forbidden::Own);
        }
        Ok(Destination(address))
    }
}

impl Destination {
    /// Returns the address, which is never that of an IPv4 address in IPv6 form.
    pub const fn ip(self) -> IpAddr {
        self.0
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

const EVERYWHERE: [IpNet; 2] = [
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0)),
];

/// Returns whether this machine has the address.
fn is_own(address: IpAddr) -> io::Result<bool> {
    let interfaces = if_addrs::get_if_addrs()?;
    Ok(interfaces
        .iter()
        .any(|interface| interface.ip().to_canonical() == address))
}

#[cfg(test)]
mod tests;
