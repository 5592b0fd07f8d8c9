//! Where the administrator's door is, and who may come in.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

/// The settings of the administrator's door.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on; port 0 lets the system choose. Without it, [`Config::ADDRESS`], and
    /// no door if something else listens there.
    pub listen: Option<SocketAddr>,
    /// Payload a client must show; without it, one is made up and kept in the state folder.
    pub token: Option<SecretString>,
    /// The certificate to show; without it, nothing is encrypted.
    pub tls: Option<TlsFiles>,
    /// Whether the door may be off loopback without encryption.
    pub plain: bool,
    /// How many connections are served at once; further ones wait in the kernel's queue.
    pub max_connections: usize,
    /// How many of them one address may have; it is sent away with further ones.
    pub max_connections_each: usize,
}

/// The files of a TLS server, in PEM.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate, and those that lead to its authority.
    pub certificate_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
}

impl Config {
    /// Where administrators look for a door that was not told where to be.
    pub const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8091);

    /// Returns the address to listen on.
    pub fn address(&self) -> SocketAddr {
        self.listen.unwrap_or(Self::ADDRESS)
    }

    /// Returns whether the door can be left as it is: on loopback, encrypted, or meant to be plain.
    pub fn is_guarded(&self) -> bool {
        self.plain || self.tls.is_some() || self.address().ip().to_canonical().is_loopback()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: None,
            token: None,
            tls: None,
            plain: false,
            max_connections: 256,
            max_connections_each: 128,
        }
    }
}
