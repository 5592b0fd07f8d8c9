//! Flows: ways to a peer.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;
use handset_net::listener::Slot;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::error::NotSent;
use super::listen::Transport;

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
#[derive(Clone, Debug)]
pub struct Flow(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    target: Target,
    /// The bound address on our side.
    local: SocketAddr,
    /// What is sent to the peer instead of the address of `local`.
    advertised: Option<IpAddr>,
    /// Host and port that are sent to the peer, once they were needed.
    sent_by: OnceLock<(String, u16)>,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Datagrams {
        socket: Arc<UdpSocket>,
        /// The address of the peer as the socket has it: of IPv6, if the socket is.
        peer: SocketAddr,
    },
    Connection(Connection),
}

/// What a flow needs of its connection.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Distinguishes connections.
    pub(crate) id: u64,
    /// What is written.
    pub(crate) queue: mpsc::Sender<Bytes>,
    /// Cancelled when it is closed, and closes it.
    pub(crate) closed: CancellationToken,
    /// Its place among the accepted ones; nothing for one that we established.
    pub(crate) slot: Weak<Slot>,
    pub(crate) is_trusted: AtomicBool,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transport, self.address)
    }
}

impl Flow {
    /// Creates the flow to a UDP address, as `socket` has it, through `socket`, which is bound to `local`.
    pub(crate) fn datagrams(
        socket: Arc<UdpSocket>,
        local: SocketAddr,
        advertised: Option<IpAddr>,
        peer: SocketAddr,
    ) -> Self {
        let address = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        Self(Arc::new(Inner {
            target: Target {
                transport: Transport::Udp,
                address,
            },
            local,
            advertised,
            sent_by: OnceLock::new(),
            way: Way::Datagrams { socket, peer },
        }))
    }

    /// Creates the flow of a connection between `local` and `target`.
    pub(crate) fn connection(
        target: Target,
        local: SocketAddr,
        advertised: Option<IpAddr>,
        connection: Connection,
    ) -> Self {
        Self(Arc::new(Inner {
            target,
            local,
            advertised,
            sent_by: OnceLock::new(),
            way: Way::Connection(connection),
        }))
    }

    /// Returns transport and address of the peer.
    pub fn target(&self) -> Target {
        self.0.target
    }

    /// Returns whether something can be sent: always over UDP, until it is closed over a connection.
    pub fn is_open(&self) -> bool {
        match &self.0.way {
            Way::Datagrams { .. } => true,
            Way::Connection(connection) => !connection.closed.is_cancelled(),
        }
    }

    /// Waits until the connection is closed; forever over UDP. Cancel safe.
    pub async fn closed(&self) {
        match &self.0.way {
            Way::Datagrams { .. } => std::future::pending().await,
            Way::Connection(connection) => connection.closed.cancelled().await,
        }
    }

    /// Closes the connection. Over UDP, nothing happens.
    pub fn close(&self) {
        if let Way::Connection(connection) = &self.0.way {
            connection.closed.cancel();
        }
    }

    /// Records whether the peer has shown valid credentials. The connection of such a peer may be silent,
    /// and is not closed to make room for others.
    pub fn set_trusted(&self, is_trusted: bool) {
        let Way::Connection(connection) = &self.0.way else {
            return;
        };
        connection.is_trusted.store(is_trusted, Ordering::Relaxed);
        if let Some(slot) = connection.slot.upgrade() {
            slot.set_trusted(is_trusted);
            if is_trusted {
                slot.mark_active();
            } else {
                slot.mark_idle();
            }
        }
    }

    /// Returns whether the peer has shown valid credentials over this connection.
    pub(crate) fn is_trusted(&self) -> bool {
        match &self.0.way {
            Way::Datagrams { .. } => false,
            Way::Connection(connection) => connection.is_trusted.load(Ordering::Relaxed),
        }
    }

    /// Returns whether what arrives over `other` may be from the same peer, which has perhaps another port
    /// or connection by now.
    pub(crate) fn is_from_same_host(&self, other: &Self) -> bool {
        let (one, other) = (self.0.target, other.0.target);
        one.transport == other.transport && one.address.ip() == other.address.ip()
    }

    /// Returns host and port under which the peer reaches us.
    pub(crate) fn sent_by(&self) -> (&str, u16) {
        let (host, port) = self.0.sent_by.get_or_init(|| {
            let address = self.0.advertised.unwrap_or_else(|| self.local_address());
            let host = match address.to_canonical() {
                IpAddr::V4(address) => address.to_string(),
                IpAddr::V6(address) => format!("[{address}]"),
            };
            (host, self.0.local.port())
        });
        (host, *port)
    }

    /// Returns our address in the network towards the peer.
    fn local_address(&self) -> IpAddr {
        let bound = self.0.local.ip();
        if !bound.is_unspecified() {
            return bound;
        }
        let peer = self.0.target.address;
        let any: IpAddr = match peer {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        // Connecting a UDP socket sends nothing: the system only looks for a route.
        let probe = UdpSocket::bind((any, 0)).and_then(|probe| {
            probe.connect(peer)?;
            probe.local_addr()
        });
        probe.map_or(bound, |local| local.ip())
    }

    /// Sends a message, or queues it for the connection. A datagram that the system has no room for counts as
    /// sent, and lost.
    pub(crate) fn send(&self, bytes: Bytes) -> Result<(), NotSent> {
        match &self.0.way {
            Way::Datagrams { socket, peer } => send_datagram(socket, &bytes, *peer),
            Way::Connection(connection) if connection.closed.is_cancelled() => {
                Err(NotSent::NotConnected)
            }
            Way::Connection(connection) => {
                connection
                    .queue
                    .try_send(bytes)
                    .map_err(|error| match error {
                        mpsc::error::TrySendError::Full(_) => NotSent::Congested,
                        mpsc::error::TrySendError::Closed(_) => NotSent::NotConnected,
                    })
            }
        }
    }

    /// Sends a response: over UDP to this port of the address that the request came from.
    pub(crate) fn send_to_port(&self, bytes: Bytes, port: u16) -> Result<(), NotSent> {
        match &self.0.way {
            Way::Datagrams { socket, peer } => {
                send_datagram(socket, &bytes, SocketAddr::new(peer.ip(), port))
            }
            Way::Connection(_) => self.send(bytes),
        }
    }
}

fn send_datagram(socket: &UdpSocket, bytes: &[u8], peer: SocketAddr) -> Result<(), NotSent> {
    match socket.send_to(bytes, peer) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        Err(_) => Err(NotSent::Unreachable),
    }
}

impl Inner {
    /// What distinguishes flows: the address of the peer and of our socket, or the connection.
    fn identity(&self) -> (Target, SocketAddr, Option<u64>) {
        let id = match &self.way {
            Way::Datagrams { .. } => None,
            Way::Connection(connection) => Some(connection.id),
        };
        (self.target, self.local, id)
    }
}

impl PartialEq for Flow {
    fn eq(&self, other: &Self) -> bool {
        self.0.identity() == other.0.identity()
    }
}

impl Eq for Flow {}

impl Hash for Flow {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.identity().hash(state);
    }
}
