//! A bound TCP socket with a limit on connections, in total and per address.

pub(crate) mod slots;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::sleep;
use tracing::{debug, warn};

use slots::ConnectionSlots;
pub use slots::{Slot, rate_limit_key};

/// A bound socket whose connections are counted.
#[derive(Debug)]
pub struct Listener {
    name: &'static str,
    socket: TcpListener,
    address: SocketAddr,
    slots: ConnectionSlots,
}

/// An accepted connection.
#[derive(Debug)]
pub struct Accepted {
    /// The connection.
    pub stream: TcpStream,
    /// The address of the other end.
    pub peer: SocketAddr,
    /// Counts the connection; drop it when the connection is over.
    pub slot: Slot,
}

impl Listener {
    /// Binds `address` for at most `connections` connections in total and `each` per address. The log
    /// calls the listener `name`.
    pub fn bind(
        name: &'static str,
        address: SocketAddr,
        connections: usize,
        each: usize,
    ) -> io::Result<Self> {
        let socket = listen_on(address)?;
        Ok(Self {
            name,
            address: socket.local_addr()?,
            socket,
            slots: ConnectionSlots::new(connections, each),
        })
    }

    /// Returns the address that was bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Waits for a free slot, then for a connection, so that the kernel's queue holds the rest.
    ///
    /// A failure to accept is logged and followed by a pause; it never ends the listener. Connections
    /// of an address that is at its limit are rejected. Cancel safe.
    pub async fn accept(&self) -> Accepted {
        loop {
            match self.try_accept().await {
                Ok(Ok(accepted)) => return accepted,
                Ok(Err(peer)) => {
                    debug!(
                        listener = self.name,
                        %peer,
                        "Rejected a connection: per-address limit reached."
                    );
                }
                Err(error) => {
                    warn!(listener = self.name, %error, "Cannot accept a connection.");
                    sleep(ACCEPT_RETRY_DELAY).await;
                }
            }
        }
    }

    async fn try_accept(&self) -> io::Result<Result<Accepted, SocketAddr>> {
        let permit = self.slots.acquire().await;
        let (stream, peer) = self.socket.accept().await?;
        stream.set_nodelay(true)?;
        let slot = self.slots.assign(permit, peer.ip()).ok_or(peer);
        Ok(slot.map(|slot| Accepted { stream, peer, slot }))
    }
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Connections that the kernel queues. Phones come in bursts: a push to a group makes all of them
/// fetch at once. The system may cap it (`net.core.somaxconn`).
const BACKLOG: u32 = 4096;

/// Pause after a failure to accept, for instance while file descriptors are used up.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);
