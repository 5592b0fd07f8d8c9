//! Addresses to listen on.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// A transport protocol.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A connection.
    Tcp,
    /// A connection with TLS.
    Tls,
}

impl Transport {
    /// Returns the name as configurations have it, such as `udp`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }

    /// Returns whether messages arrive completely, once and in order.
    pub fn is_reliable(self) -> bool {
        self != Self::Udp
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A transport and an address to listen on, written `udp:0.0.0.0:6060`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Listen {
    /// The transport.
    pub transport: Transport,
    /// The address; port 0 lets the system choose.
    pub address: SocketAddr,
}

/// Not an address to listen on.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{0:?} is not an address to listen on; write udp:, tcp: or tls: and an address with a port, such as \"udp:0.0.0.0:6060\""
)]
pub struct InvalidListen(String);

impl FromStr for Listen {
    type Err = InvalidListen;

    fn from_str(text: &str) -> Result<Self, InvalidListen> {
        let error = || InvalidListen(text.to_owned());
        let (transport, address) = text.split_once(':').ok_or_else(error)?;
        let transport = match transport {
            "udp" => Transport::Udp,
            "tcp" => Transport::Tcp,
            "tls" => Transport::Tls,
            _ => return Err(error()),
        };
        let address = address.parse().map_err(|_| error())?;
        Ok(Self { transport, address })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transport, self.address)
    }
}
