//! A TCP listener that limits connections, in total and per address.

pub(crate) mod slots;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::sleep;
use tracing::{debug, warn};

use slots::ConnectionSlots;
pub use slots::{Slot, rate_limit_key};

/// A bound socket that limits its connections.
#[derive(Debug)]
pub struct Listener {
    name: &'static str,
    socket: TcpListener,
    address: SocketAddr,
    slots: ConnectionSlots,
}

/// An accepted connection.
#[derive(Debug)]
pub struct Accepted<S = TcpStream> {
    /// The connection, perhaps after a TLS handshake.
    pub stream: S,
    /// Address of the client.
    pub peer: SocketAddr,
    /// Occupied by the connection; drop it when the connection ends.
    pub slot: Slot,
}

impl Listener {
    /// Binds `address` for up to `connections` connections in total and `each` per address. The log
    /// shows the listener as `name`.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
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

    /// Returns the bound address.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Waits for a free slot, then for a connection, so that further ones wait in the kernel's queue.
    ///
    /// Errors are logged and followed by a pause; they never end the listener. Connections from an
    /// address at its limit are rejected. Cancel safe.
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
        if let Err(error) = stream.set_nodelay(true) {
            debug!(listener = self.name, %peer, %error, "Cannot set TCP_NODELAY.");
        }
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

/// Maximum length of the kernel's queue; the system may reduce it (`net.core.somaxconn`). Phones
/// connect in bursts: after a push to a group all of them fetch at once.
const BACKLOG: u32 = 4096;

/// Pause after a failed accept, for example when the process is out of file descriptors.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);
