//! The networks that may connect to a server.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::Deserialize;

/// A list of networks whose connections are accepted.
///
/// An IPv4 address in IPv6 form (`::ffff:192.0.2.1`), as dual-stack sockets report it, counts as IPv4.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(from = "Vec<IpNet>")]
pub struct AllowList {
    /// Those of several addresses; few, and each is compared.
    networks: Vec<IpNet>,
    /// Those of one address: there may be thousands of phones.
    addresses: BTreeSet<IpAddr>,
}

impl AllowList {
    /// Accepts connections from all networks.
    pub fn any() -> Self {
        Self::from(vec![
            Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0).into(),
            Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0).into(),
        ])
    }

    /// Accepts connections from the local host only.
    pub fn loopback() -> Self {
        Self::from(vec![
            Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8).into(),
            Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128).into(),
        ])
    }

    /// Accepts connections from the private networks of RFC 1918 and RFC 4193.
    pub fn private() -> Self {
        Self::from(vec![
            Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8).into(),
            Ipv4Net::new_assert(Ipv4Addr::new(172, 16, 0, 0), 12).into(),
            Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 0, 0), 16).into(),
            Ipv6Net::new_assert(Ipv6Addr::new(0xFC00, 0, 0, 0, 0, 0, 0, 0), 7).into(),
        ])
    }

    /// Returns the networks; those of single addresses last.
    pub fn networks(&self) -> impl Iterator<Item = IpNet> {
        let networks = self.networks.iter().copied();
        networks.chain(self.addresses.iter().copied().map(IpNet::from))
    }

    /// Returns whether connections from nowhere are accepted.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.addresses.is_empty()
    }

    /// Adds the network of a single address, unless it is accepted already.
    pub fn add(&mut self, address: IpAddr) {
        let address = address.to_canonical();
        if !self.contains(address) {
            self.addresses.insert(address);
        }
    }

    /// Adds the networks of single addresses, as [`add`](Self::add) does.
    pub fn add_all(&mut self, addresses: impl IntoIterator<Item = IpAddr>) {
        let addresses = addresses.into_iter().map(|address| address.to_canonical());
        let added = addresses.filter(|address| !self.contains(*address));
        // Sorted and merged, which is faster than to insert thousands one by one.
        let mut added: BTreeSet<IpAddr> = added.collect();
        self.addresses.append(&mut added);
    }

    /// Returns whether a connection from `address` is accepted.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.addresses.contains(&address)
            || self
                .networks
                .iter()
                .any(|network| network.contains(&address))
    }
}

impl FromIterator<IpNet> for AllowList {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        let networks = networks.into_iter();
        let (single, networks): (Vec<_>, _) =
            networks.partition(|network| network.prefix_len() == network.max_prefix_len());
        Self {
            networks,
            addresses: single.into_iter().map(|network| network.addr()).collect(),
        }
    }
}

impl From<Vec<IpNet>> for AllowList {
    fn from(networks: Vec<IpNet>) -> Self {
        networks.into_iter().collect()
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
    fn private_networks_are_those_of_the_rfcs() {
        let list = AllowList::private();
        for address in ["10.1.2.3", "172.31.255.255", "192.168.0.1", "fd00::1"] {
            assert!(contains(&list, address), "{address}");
        }
        for address in [
            "172.32.0.1",
            "192.0.2.1",
            "127.0.0.1",
            "::1",
            "fe80::1",
            "100.64.0.1",
        ] {
            assert!(!contains(&list, address), "{address}");
        }
    }

    #[test]
    fn single_address_can_be_added() {
        let mut list = AllowList::private();
        for _ in 0..2 {
            list.add("::ffff:192.0.2.1".parse().unwrap());
            list.add("10.0.0.1".parse().unwrap());
        }
        assert!(contains(&list, "192.0.2.1") && !contains(&list, "192.0.2.2"));
        assert_eq!(list.networks().count(), 5);
    }

    #[test]
    fn many_addresses_are_added_as_one_is() {
        let texts = [
            "::ffff:192.0.2.1",
            "10.0.0.1",
            "192.0.2.2",
            "192.0.2.1",
            "2001:db8::1",
        ];
        let addresses = texts.map(|text| text.parse::<IpAddr>().unwrap());
        let (mut one_by_one, mut at_once) = (AllowList::private(), AllowList::private());
        for address in addresses {
            one_by_one.add(address);
        }
        let [first, others @ ..] = addresses;
        // Those that are there already stay.
        at_once.add(first);
        at_once.add_all(others);
        assert_eq!(at_once, one_by_one);
        assert_eq!(at_once.networks().count(), 7);
    }

    #[test]
    fn ipv4_address_in_ipv6_form_counts_as_ipv4() {
        let list = AllowList::loopback();
        assert!(contains(&list, "::ffff:127.0.0.1") && contains(&list, "::1"));
        assert!(!contains(&list, "::ffff:192.0.2.1"));
    }
}
