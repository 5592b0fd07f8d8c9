//! The networks where phones live, and in which alone phones are contacted that no `[[phone]]` names.

mod config;

use std::net::IpAddr;
use std::sync::Arc;

use handset_net::destinations::{Destination, Destinations, Forbidden};
use parking_lot::RwLock;

pub(crate) use config::Config;

/// The networks, which a reload replaces. Cheap to clone; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct PhoneNetworks(Arc<RwLock<Current>>);

#[derive(Debug)]
struct Current {
    destinations: Destinations,
    /// The networks, and all hosts that are neither special nor this machine.
    ordinary_hosts: Destinations,
    is_written: bool,
}

impl PhoneNetworks {
    /// Takes the networks of the configuration.
    pub(crate) fn new(config: &Config) -> Self {
        Self(Arc::new(RwLock::new(Current::of(config))))
    }

    /// Replaces the networks, for all clones.
    pub(crate) fn replace(&self, config: &Config) {
        *self.0.write() = Current::of(config);
    }

    /// Checks the address of a phone that no `[[phone]]` names; otherwise returns why it is not
    /// contacted, and what to write to change that, to follow the words "it is at `address`, ".
    pub(crate) fn check(&self, address: IpAddr) -> Result<Destination, String> {
        let current = self.0.read();
        let checked = current.destinations.check(address);
        checked.map_err(|forbidden| current.refusal(forbidden))
    }

    /// Checks the address of a phone that a `[[phone]]` names without an address, which may be outside
    /// the networks, but must be that of an ordinary host.
    pub(crate) fn check_named(&self, address: IpAddr) -> Result<Destination, String> {
        let current = self.0.read();
        let checked = current.ordinary_hosts.check(address);
        checked.map_err(|forbidden| current.refusal(forbidden))
    }
}

impl Default for PhoneNetworks {
    fn default() -> Self {
        Self::new(&Config::default())
    }
}

impl Current {
    fn of(config: &Config) -> Self {
        let networks = config.effective();
        Self {
            destinations: Destinations::new(&networks),
            ordinary_hosts: Destinations::new(&networks).and_ordinary_hosts(),
            is_written: config.is_written(),
        }
    }

    fn refusal(&self, forbidden: Forbidden) -> String {
        let advice = "or a [[phone]] with its address";
        match forbidden {
            Forbidden::Elsewhere if self.is_written => {
                format!("which is not in phones.networks; add its network there, {advice}")
            }
            Forbidden::Elsewhere => format!(
                "which is not in phones.networks (not set, so the private ones); add its network \
                 there, {advice}"
            ),
            Forbidden::Special(_) | Forbidden::Own => format!(
                "{forbidden}; that requires an entry of its own in phones.networks, {advice}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(networks: &[&str]) -> Config {
        let networks = networks.iter().map(|network| network.parse().unwrap());
        Config {
            networks: Some(networks.collect()),
        }
    }

    #[test]
    fn refusal_names_the_key_and_the_cure() {
        let check = |config: &Config, address: &str| {
            let checked = PhoneNetworks::new(config).check(address.parse().unwrap());
            checked.map(|_| ()).unwrap_err()
        };
        let written = config(&["192.0.2.0/24"]);
        assert_eq!(
            check(&written, "198.51.100.7"),
            "which is not in phones.networks; add its network there, or a [[phone]] with its address"
        );
        assert_eq!(
            check(&Config::default(), "198.51.100.7"),
            "which is not in phones.networks (not set, so the private ones); add its network there, \
             or a [[phone]] with its address"
        );
        assert_eq!(
            check(&written, "127.0.0.1"),
            "a loopback address; that requires an entry of its own in phones.networks, or a \
             [[phone]] with its address"
        );
    }

    #[test]
    fn networks_are_replaced_for_all_clones() {
        let networks = PhoneNetworks::new(&Config::default());
        let clone = networks.clone();
        let address = "192.0.2.1".parse().unwrap();
        assert!(clone.check(address).is_err());
        networks.replace(&config(&["192.0.2.0/24"]));
        assert!(clone.check(address).is_ok());
        assert!(clone.check("10.0.0.1".parse().unwrap()).is_err());
    }
}
