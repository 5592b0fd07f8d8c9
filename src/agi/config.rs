//! Where the server listens, whom it serves, and how long it has patience.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::Deserialize;

/// The settings of a [`Server`](super::Server).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The address to listen on; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The networks whose connections are served; all others are dropped at once.
    ///
    /// An IPv4 address that arrives in its IPv6 form (`::ffff:192.0.2.1`) counts as IPv4.
    pub allow: Vec<IpNet>,
    /// How long a script may hold a call. The server only carries it, for scripts to read.
    #[serde(with = "humantime_serde")]
    pub budget: Duration,
    /// How many sessions run at once; further connections wait in the kernel's queue.
    pub max_sessions: usize,
    /// How long a peer may take for its whole environment, however it trickles.
    #[serde(with = "humantime_serde")]
    pub environment_timeout: Duration,
    /// How long one command may wait for its reply.
    #[serde(with = "humantime_serde")]
    pub reply_timeout: Duration,
    /// How long a whole session may last: a backstop, to be well above `budget`.
    #[serde(with = "humantime_serde")]
    pub session_timeout: Duration,
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
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 4573)),
            allow: vec![
                Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8).into(),
                Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128).into(),
            ],
            budget: Duration::from_secs(5),
            max_sessions: 4096,
            environment_timeout: Duration::from_secs(5),
            reply_timeout: Duration::from_secs(5),
            session_timeout: Duration::from_secs(60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_gives_the_defaults() {
        assert_eq!(toml::from_str::<Config>("").unwrap(), Config::default());
    }

    #[test]
    fn every_key_can_be_set() {
        let config: Config = toml::from_str(
            r#"
            listen = "[::]:4574"
            allow = ["192.0.2.0/24", "2001:db8::/32"]
            budget = "1s"
            max_sessions = 7
            environment_timeout = "2s"
            reply_timeout = "300ms"
            session_timeout = "2m"
            "#,
        )
        .unwrap();
        assert_eq!(config.listen, "[::]:4574".parse().unwrap());
        assert_eq!(config.reply_timeout, Duration::from_millis(300));
        assert_eq!(config.session_timeout, Duration::from_mins(2));
        assert!(config.allows("192.0.2.7".parse().unwrap()));
        assert!(!config.allows("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let error = toml::from_str::<Config>("budgte = \"1s\"").unwrap_err();
        assert!(error.to_string().contains("budgte"), "{error}");
    }

    #[test]
    fn an_ipv4_address_in_ipv6_form_counts_as_ipv4() {
        let config = Config::default();
        assert!(config.allows("::ffff:127.0.0.1".parse().unwrap()));
        assert!(config.allows("::1".parse().unwrap()));
        assert!(!config.allows("::ffff:192.0.2.1".parse().unwrap()));
    }
}
