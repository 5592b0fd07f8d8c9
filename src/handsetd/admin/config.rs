//! Settings of the admin API and the web page.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use handset_net::allow_list::AllowList;
use handset_net::server_certificate::TlsFiles;

use super::role::Role;
use super::token::Token;

/// The `[admin]` section.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The address to listen on; port 0 lets the system choose. If unset, [`Config::ADDRESS`], and the
    /// server is disabled if that address is in use.
    pub listen: Option<SocketAddr>,
    /// The networks from which connections are accepted.
    pub allow: AllowList,
    /// The token of the administrator; if unset, one is generated and stored in the state directory.
    pub token: Option<Token>,
    /// The other users.
    pub users: Vec<User>,
    /// The certificate and key of the server; if unset, connections are unencrypted.
    pub tls: Option<TlsFiles>,
    /// Whether unencrypted connections from other hosts are allowed.
    pub plain: bool,
    /// Maximum number of concurrent connections; a quarter of them only for clients that have shown the
    /// token. A further one replaces an idle one.
    pub max_connections: usize,
    /// Maximum number of concurrent connections per address. A further one replaces an idle one of that
    /// address. Up to a quarter may be event streams, and half may wait for phones.
    pub max_connections_each: usize,
}

/// A user of the admin server.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// The name in the history and in the log.
    pub name: String,
    /// The token that authenticates the user.
    pub token: Token,
    /// What the user may do.
    pub role: Role,
}

impl Config {
    /// The default address, where clients look for a server that has no `admin.listen`.
    pub const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8091);

    /// The name of the user of [`Config::token`], who has the role [`Role::Admin`].
    pub const ADMINISTRATOR: &str = "admin";

    /// Returns the address to listen on.
    pub fn address(&self) -> SocketAddr {
        self.listen.unwrap_or(Self::ADDRESS)
    }

    /// Returns whether the token is safe from eavesdroppers, or `plain` accepts that it is not.
    pub fn is_guarded(&self) -> bool {
        self.plain || self.tls.is_some() || self.address().ip().to_canonical().is_loopback()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: None,
            allow: AllowList::any(),
            token: None,
            users: Vec::new(),
            tls: None,
            plain: false,
            max_connections: 512,
            max_connections_each: 256,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_with_different_tokens_differ() {
        let config = |token: &str| Config {
            token: Some(Token::parse(token.into()).unwrap()),
            ..Config::default()
        };
        let [one, other] = ["correct horse battery", "battery horse correct"].map(config);
        assert_eq!(one, one.clone());
        assert_ne!(one, other);
        assert_ne!(one, Config::default());
    }
}
