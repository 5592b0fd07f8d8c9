//! Settings of the phone-facing server.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use handset_net::allow_list::AllowList;
use serde::{Deserialize, Deserializer};
use url::Url;

/// The `[http]` section.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The address to listen on; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The base URL at which phones reach the server; the default is the local address of the route to
    /// each phone.
    #[serde(deserialize_with = "base")]
    pub url: Option<Url>,
    /// The networks from which connections are accepted; by default those of the phones.
    pub allow: AllowList,
    /// How long a pushed screen is available.
    #[serde(with = "humantime_serde")]
    pub screen_lifetime: Duration,
    /// How long ring tones, backgrounds and other images are available: phones may fetch them again
    /// when they restart.
    #[serde(with = "humantime_serde")]
    pub media_lifetime: Duration,
    /// Maximum number of concurrent connections. A further one replaces an idle one, that of the address
    /// with most connections; it waits if none is idle.
    pub max_connections: usize,
    /// Maximum number of concurrent connections per address. A further one replaces an idle one of that
    /// address; it is closed if none is idle.
    pub max_connections_each: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8090)),
            url: None,
            allow: AllowList::private(),
            screen_lifetime: Duration::from_hours(1),
            media_lifetime: Duration::from_hours(30 * 24),
            max_connections: 1024,
            max_connections_each: 128,
        }
    }
}

/// Deserializes a URL to which paths can be appended and from which phones can fetch.
fn base<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    use serde::de::Error;
    let text = String::deserialize(deserializer)?;
    let invalid = |reason: &str| {
        D::Error::custom(format!(
            "invalid base URL {text:?}: {reason}; write it as http://192.0.2.10:8090"
        ))
    };
    let url = Url::parse(&text).map_err(|error| invalid(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(invalid("the scheme must be http or https"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it has a query or a fragment"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it has a user name"));
    }
    Ok(Some(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_section_yields_the_defaults() {
        assert_eq!(toml::from_str::<Config>("").unwrap(), Config::default());
    }

    #[test]
    fn private_networks_are_allowed_unless_others_are_named() {
        let config = Config::default();
        assert!(config.allow.contains("192.168.0.1".parse().unwrap()));
        assert!(config.allow.contains("fd00::1".parse().unwrap()));
        assert!(!config.allow.contains("192.0.2.1".parse().unwrap()));
        assert!(!config.allow.contains("2001:db8::1".parse().unwrap()));
        let config: Config = toml::from_str("allow = [\"192.0.2.0/24\"]").unwrap();
        assert!(config.allow.contains("::ffff:192.0.2.1".parse().unwrap()));
        assert!(!config.allow.contains("198.51.100.1".parse().unwrap()));
    }

    #[test]
    fn base_url_must_be_fetchable_by_phones() {
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
