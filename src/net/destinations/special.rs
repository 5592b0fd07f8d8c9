//! Ranges whose addresses are not ordinary hosts.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// A range whose addresses are not ordinary hosts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SpecialRange {
    /// 255.255.255.255.
    Broadcast,
    /// 169.254.0.0/16 and `fe80::/10`.
    LinkLocal,
    /// 127.0.0.0/8 and `::1`.
    Loopback,
    /// The metadata services of clouds, which hand out the credentials of the machine.
    Metadata,
    /// 224.0.0.0/4 and `ff00::/8`.
    Multicast,
    /// 0.0.0.0/8 and `::`, which Linux takes for this machine.
    Unspecified,
}

impl SpecialRange {
    /// Returns the range of an address; `None` if it is that of an ordinary host. An IPv6 address with
    /// an embedded IPv4 address is in the range of that.
    pub fn of(address: IpAddr) -> Option<Self> {
        match address {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }

    /// Returns whether all addresses of a network are in the range.
    pub(super) fn contains(self, network: &IpNet) -> bool {
        // Each range is contiguous, so its ends suffice; those of the metadata services are single.
        let ends = [network.network(), network.broadcast()];
        ends.into_iter().all(|end| Self::of(end) == Some(self))
    }
}

impl fmt::Display for SpecialRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broadcast => "the broadcast address",
            Self::LinkLocal => "a link-local address",
            Self::Loopback => "a loopback address",
            Self::Metadata => "the address of a cloud's metadata service",
            Self::Multicast => "a multicast address",
            Self::Unspecified => "an unspecified address",
        })
    }
}

fn of_v4(address: Ipv4Addr) -> Option<SpecialRange> {
    if METADATA_V4.contains(&address) {
        return Some(SpecialRange::Metadata);
    }
    match address.octets() {
        [0, ..] => Some(SpecialRange::Unspecified),
        [127, ..] => Some(SpecialRange::Loopback),
        [169, 254, ..] => Some(SpecialRange::LinkLocal),
        [224..=239, ..] => Some(SpecialRange::Multicast),
        [255, 255, 255, 255] => Some(SpecialRange::Broadcast),
        _ => None,
    }
}

fn of_v6(address: Ipv6Addr) -> Option<SpecialRange> {
    if let Some(range) = embedded_v4(address).and_then(of_v4) {
        return Some(range);
    }
    if METADATA_V6.contains(&address) {
        Some(SpecialRange::Metadata)
    } else if address.is_unspecified() {
        Some(SpecialRange::Unspecified)
    } else if address.is_loopback() {
        Some(SpecialRange::Loopback)
    } else if address.is_unicast_link_local() {
        Some(SpecialRange::LinkLocal)
    } else if address.is_multicast() {
        Some(SpecialRange::Multicast)
    } else {
        None
    }
}

/// Returns the IPv4 address embedded in an IPv6 address: mapped, compatible, translated
/// (`64:ff9b::/96`) or 6to4 (`2002::/16`).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = address.to_bits();
    let low = |shift: u32| Ipv4Addr::from_bits(u32::try_from(bits >> shift & LOW).unwrap_or(0));
    match (bits >> 96, bits >> 112) {
        (0, _) if bits >> 32 == 0xFFFF || bits >> 32 == 0 && bits > 1 => Some(low(0)),
        (0x0064_FF9B, _) => Some(low(0)),
        (_, 0x2002) => Some(low(80)),
        _ => None,
    }
}

/// Mask of an IPv4 address.
const LOW: u128 = 0xFFFF_FFFF;

/// The metadata services of Amazon, Azure, Google and others; Alibaba; Azure; Oracle.
const METADATA_V4: [Ipv4Addr; 4] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];

/// The same in IPv6: Amazon, Google.
const METADATA_V6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xFD00, 0xEC2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xFD20, 0xCE, 0, 0, 0, 0, 0, 0x254),
];
