//! Finds configured phones without reading all of them.

use std::collections::HashMap;
use std::hash::Hash;

use crate::phone::{Address, Endpoint, MacAddress, PhoneEntry};

/// The positions of entries, by what they are looked up by, each list in the order of the configuration.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    names: Positions<String>,
    endpoints: Positions<Endpoint>,
    macs: Positions<MacAddress>,
    hosts: Positions<String>,
}

type Positions<K> = HashMap<K, Vec<usize>>;

impl Index {
    pub(super) fn new(entries: &[PhoneEntry]) -> Self {
        let mut index = Self::default();
        for (at, entry) in entries.iter().enumerate() {
            let PhoneEntry {
                name,
                endpoint,
                mac,
                address,
                ..
            } = entry;
            add(&mut index.names, Some(name), at);
            add(&mut index.endpoints, endpoint.as_ref(), at);
            add(&mut index.macs, mac.as_ref(), at);
            add(&mut index.hosts, address.as_ref().map(host), at);
        }
        index
    }

    pub(super) fn named(&self, name: &str) -> &[usize] {
        self.names.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn of_endpoint(&self, endpoint: &Endpoint) -> &[usize] {
        self.endpoints.get(endpoint).map_or(&[], Vec::as_slice)
    }

    pub(super) fn of_mac(&self, mac: MacAddress) -> &[usize] {
        self.macs.get(&mac).map_or(&[], Vec::as_slice)
    }

    /// Returns the entries at the host of an address, whatever their port.
    pub(super) fn at_host(&self, address: &Address) -> &[usize] {
        self.hosts.get(host(address)).map_or(&[], Vec::as_slice)
    }
}

fn host(address: &Address) -> &String {
    &address.host
}

fn add<K: Clone + Eq + Hash>(positions: &mut Positions<K>, key: Option<&K>, at: usize) {
    if let Some(key) = key {
        positions.entry(key.clone()).or_default().push(at);
    }
}
