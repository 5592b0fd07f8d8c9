//! The configuration of a user agent.

use std::net::IpAddr;
use std::sync::Arc;

use handset_net::allow_list::AllowList;
use rustls::ServerConfig;

use super::listen::Listen;
use super::wire::Value;

/// The configuration of a [`UserAgent`](super::UserAgent).
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: Vec<Listen>,
    /// The networks whose messages are read; others get no answer.
    pub allow: AllowList,
    /// Certificate and key for listeners with TLS, which cannot be bound without.
    pub tls: Option<Arc<ServerConfig>>,
    /// The own address that is sent to peers; `None` takes that of the interface towards the peer.
    pub address: Option<IpAddr>,
    /// The user part of our Contact and, by default, of `From`.
    pub user: String,
    /// The value of `User-Agent` and `Server`.
    pub user_agent: Value,
    /// The limits.
    pub limits: Limits,
}

/// The limits of a [`UserAgent`](super::UserAgent). An IPv6 address stands for its /64 network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Maximum number of TCP and TLS connections of each listener.
    pub connections: usize,
    /// Maximum number of connections of one address to a listener. Many phones share one behind NAT.
    pub connections_per_address: usize,
    /// Messages per second that are read from one address, as datagrams or over connections.
    pub messages_per_second: u32,
    /// Requests per second outside a dialog, such as REGISTER, that are handled from one address.
    pub requests_per_second: u32,
    /// Maximum number of dialogs.
    pub dialogs: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            connections_per_address: 4096,
            messages_per_second: 5000,
            requests_per_second: 500,
            dialogs: 16_384,
        }
    }
}
