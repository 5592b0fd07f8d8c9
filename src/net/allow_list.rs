//! The networks that may connect to a server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::Deserialize;

/// A list of networks whose connections are accepted.
///
/// An IPv4 address in IPv6 form (`::ffff:192.0.2.1`), as dual-stack sockets report it, counts as IPv4.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(transparent)]
pub struct AllowList(Vec<IpNet>);

impl AllowList {
    /// Accepts connections from all networks.
    pub fn any() -> Self {
        Self(vec![
            Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0).into(),
            Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0).into(),
        ])
    }

    /// Accepts connections from the local host only.
    pub fn loopback() -> Self {
        Self(vec![
            Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8).into(),
            Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128).into(),
        ])
    }

    /// Returns whether a connection from `address` is accepted.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl FromIterator<IpNet> for AllowList {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        Self(networks.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(list: &AllowList, address: &str) -> bool {
        list.contains(address.parse().unwrap())
    }

    #[test]
    fn listed_networks_are_accepted() {
        let networks = ["192.0.2.0/24", "2001:db8::/32"];
        let list: AllowList = networks.iter().map(|net| net.parse().unwrap()).collect();
        assert!(contains(&list, "192.0.2.7") && contains(&list, "2001:db8::7"));
        assert!(!contains(&list, "198.51.100.1") && !contains(&list, "::1"));
        assert!(!contains(&AllowList::from_iter([]), "127.0.0.1"));
    }

    #[test]
    fn any_accepts_both_address_families() {
        let list = AllowList::any();
        assert!(contains(&list, "192.0.2.1") && contains(&list, "2001:db8::1"));
    }

    #[test]
    fn ipv4_address_in_ipv6_form_counts_as_ipv4() {
        let list = AllowList::loopback();
        assert!(contains(&list, "::ffff:127.0.0.1") && contains(&list, "::1"));
        assert!(!contains(&list, "::ffff:192.0.2.1"));
    }
}
