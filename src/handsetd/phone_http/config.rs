//! Where the phones' door is, who may come in, and how long what was pushed stays there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Deserializer};
use url::Url;

/// The settings of the server that phones talk to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The address to listen on; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// How phones reach the server; without it, the local address of the route to each phone is
    /// used.
    #[serde(deserialize_with = "base")]
    pub url: Option<Url>,
    /// The networks whose connections are served.
    ///
    /// An IPv4 address that arrives in its IPv6 form (`::ffff:192.0.2.1`) counts as IPv4.
    pub allow: Vec<IpNet>,
    /// How long a pushed screen can be fetched.
    #[serde(with = "humantime_serde")]
    pub screen_lifetime: Duration,
    /// How long a ring tone, a background or another image can be fetched: phones may fetch them
    /// again when they restart.
    #[serde(with = "humantime_serde")]
    pub media_lifetime: Duration,
    /// How many connections are served at once; further ones wait in the kernel's queue.
    pub max_connections: usize,
    /// How many of them one address may have; it is sent away with further ones.
    pub max_connections_each: usize,
}

impl Config {
    /// Returns whether connections from `address` are served.
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.allow.iter().any(|network| network.contains(&address))
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8090)),
            url: None,
            allow: vec![
                Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0).into(),
                Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0).into(),
            ],
            screen_lifetime: Duration::from_hours(1),
            media_lifetime: Duration::from_hours(30 * 24),
            max_connections: 1024,
            max_connections_each: 128,
        }
    }
}

/// Reads a URL that paths can be appended to and that phones can fetch from.
fn base<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    use serde::de::Error;
    let text = String::deserialize(deserializer)?;
    let refused = |reason: &str| {
        D::Error::custom(format!(
            "{text:?} {reason}; write it as http://192.0.2.10:8090"
        ))
    };
    let url = Url::parse(&text).map_err(|error| refused(&format!("is no URL ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(refused("is no http or https URL"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("has a query or a fragment"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("has a user name"));
    }
    Ok(Some(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_gives_the_defaults() {
        assert_eq!(toml::from_str::<Config>("").unwrap(), Config::default());
    }

    #[test]
    fn everyone_is_served_unless_networks_are_named() {
        let config = Config::default();
        assert!(config.allows("192.0.2.1".parse().unwrap()));
        assert!(config.allows("2001:db8::1".parse().unwrap()));
        let config: Config = toml::from_str("allow = [\"192.0.2.0/24\"]").unwrap();
        assert!(config.allows("::ffff:192.0.2.1".parse().unwrap()));
        assert!(!config.allows("198.51.100.1".parse().unwrap()));
    }

    #[test]
    fn only_a_url_that_phones_can_fetch_from_is_taken() {
        let url = |url: &str| toml::from_str::<Config>(&format!("url = {url:?}"));
        assert!(url("http://192.0.2.10:8090").is_ok());
        assert!(url("https://phones.example.com/handsetd").is_ok());
        for bad in [
            "192.0.2.10:8090",
            "phones",
            "ftp://192.0.2.10",
            "http://192.0.2.10/?a=b",
            "http://u:p@192.0.2.10",
        ] {
            assert!(url(bad).is_err(), "{bad}");
        }
    }
}
