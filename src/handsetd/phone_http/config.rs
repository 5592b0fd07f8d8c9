//! Settings of the phone-facing server.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use handset_net::allow_list::AllowList;
use url::Url;

use super::action_url::ActionKey;

/// The `[http]` section.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// The address to listen on; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The base URL at which phones reach the server; the default is the local address of the route to
    /// each phone.
    pub url: Option<Url>,
    /// The networks from which connections are accepted; by default those of the phones.
    pub allow: AllowList,
    /// The key of action URLs that speak for a phone from any address.
    pub action_key: Option<ActionKey>,
    /// How long a pushed screen is available.
    pub screen_lifetime: Duration,
    /// How long ring tones, backgrounds and other images are available: phones may fetch them again
    /// when they restart.
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
            action_key: None,
            screen_lifetime: Duration::from_hours(1),
            media_lifetime: Duration::from_hours(30 * 24),
            max_connections: 1024,
            max_connections_each: 128,
        }
    }
}
