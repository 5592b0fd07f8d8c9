//! Finds configured phones without reading all of them.

use std::sync::OnceLock;

use crate::phone::{Address, Endpoint, MacAddress, PhoneEntry};

/// The positions of entries, in the order of what they are looked up by. Each is sorted when it is first needed.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    names: OnceLock<Vec<usize>>,
    endpoints: OnceLock<Vec<usize>>,
    macs: OnceLock<Vec<usize>>,
    hosts: OnceLock<Vec<usize>>,
}

impl Index {
    pub(super) fn named<'a>(&'a self, entries: &[PhoneEntry], name: &str) -> &'a [usize] {
        positions(&self.names, entries, |entry| Some(&*entry.name), name)
    }

    pub(super) fn of_endpoint<'a>(
        &'a self,
        entries: &[PhoneEntry],
        endpoint: &Endpoint,
    ) -> &'a [usize] {
        positions(
            &self.endpoints,
            entries,
            |entry| entry.endpoint.as_ref(),
            endpoint,
        )
    }

    pub(super) fn of_mac<'a>(&'a self, entries: &[PhoneEntry], mac: MacAddress) -> &'a [usize] {
        positions(&self.macs, entries, |entry| entry.mac.as_ref(), &mac)
    }

    /// Returns the entries at the host of an address, whatever their port.
    pub(super) fn at_host<'a>(&'a self, entries: &[PhoneEntry], address: &Address) -> &'a [usize] {
        positions(&self.hosts, entries, host, &*address.host)
    }
}

fn host(entry: &PhoneEntry) -> Option<&str> {
    entry.address.as_ref().map(|address| &*address.host)
}

/// Returns the positions of the entries with this key, in the order of the configuration.
fn positions<'a, K: Ord + ?Sized>(
    sorted: &'a OnceLock<Vec<usize>>,
    entries: &[PhoneEntry],
    key_of: for<'e> fn(&'e PhoneEntry) -> Option<&'e K>,
    key: &K,
) -> &'a [usize] {
    let key_at = |at: &usize| entries.get(*at).and_then(key_of);
    let sorted = sorted.get_or_init(|| {
        let mut positions: Vec<usize> = (0..entries.len()).collect();
        positions.retain(|at| key_at(at).is_some());
        // Stable, which keeps the order of the configuration.
        positions.sort_by(|one, other| key_at(one).cmp(&key_at(other)));
        positions
    });
    let start = sorted.partition_point(|at| key_at(at) < Some(key));
    let rest = sorted.get(start..).unwrap_or_default();
    // Few: one for each server.
    let same = rest.iter().take_while(|at| key_at(at) == Some(key));
    rest.get(..same.count()).unwrap_or_default()
}
