//! A TCP listener that limits connections, in total and per address.

mod pending;
pub(crate) mod slots;
mod table;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, warn};

use pending::{Pending, PendingQueue, Progress};
use slots::ConnectionSlots;
pub use slots::Slot;
pub use table::{Capacity, rate_limit_key};

/// A bound socket that limits its connections.
#[derive(Debug)]
pub struct Listener {
    name: &'static str,
    socket: TcpListener,
    address: SocketAddr,
    slots: ConnectionSlots,
    pending: PendingQueue,
}

/// An accepted connection.
#[derive(Debug)]
pub struct Accepted<S = TcpStream> {
    /// The connection, perhaps after a TLS handshake.
    pub stream: S,
    /// Address of the client.
    pub peer: SocketAddr,
    /// When the connection was accepted.
    pub since: Instant,
    /// Occupied by the connection; drop it when the connection ends.
    pub slot: Slot,
}

impl Listener {
    /// Binds `address` for as many connections as `capacity` allows. The log shows the listener as
    /// `name`.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub fn bind(name: &'static str, address: SocketAddr, capacity: Capacity) -> io::Result<Self> {
        let socket = listen_on(address)?;
        Ok(Self {
            name,
            address: socket.local_addr()?,
            socket,
            slots: ConnectionSlots::new(capacity),
            pending: PendingQueue::new(capacity.wait),
        })
    }

    /// Returns the bound address.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Waits for a connection that `admits` its peer and has a slot.
    ///
    /// If all slots are taken, an idle connection is evicted, that of the address with most connections;
    /// if none is idle, the client waits. Errors are logged and followed by a pause; they never end the
    /// listener. Connections from an address at its limit are closed. Cancel safe.
    pub async fn accept(&mut self, admits: impl Fn(SocketAddr) -> bool) -> Accepted {
        loop {
            let wake = match self.admit() {
                Ok(accepted) => return accepted,
                Err(wake) => wake,
            };
            tokio::select! {
                accepted = self.socket.accept(), if self.pending.len() < MAX_PENDING => {
                    match accepted {
                        Ok((stream, peer)) if admits(peer) => self.pending.push(stream, peer),
                        Ok(_) => {}
                        Err(error) => {
                            warn!(listener = self.name, %error, "Cannot accept a connection.");
                            // It may have been the last descriptor.
                            self.slots.evict_idle();
                            sleep(ACCEPT_RETRY_DELAY).await;
                        }
                    }
                }
                () = self.slots.changed(), if self.pending.len() > 0 => {}
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            }
        }
    }

    /// Returns the first pending connection for which there is room; otherwise, when to try again.
    fn admit(&mut self) -> Result<Accepted, Option<Instant>> {
        loop {
            match self.pending.advance(|address| self.slots.admit(address)) {
                Progress::Admitted(connection, slot) => {
                    let Pending {
                        stream,
                        peer,
                        since,
                    } = connection;
                    return Ok(Accepted {
                        stream,
                        peer,
                        since,
                        slot,
                    });
                }
                Progress::Refused(Pending { peer, .. }, reason) => {
                    debug!(listener = self.name, %peer, reason, "Closed a connection unserved.");
                }
                Progress::Waiting(wake) => return Err(wake),
            }
        }
    }
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    // Connections have it from the socket that accepts them.
    socket.set_nodelay(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Maximum length of the kernel's queue; the system may reduce it (`net.core.somaxconn`). Phones
/// connect in bursts: after a push to a group all of them fetch at once.
const BACKLOG: u32 = 4096;

/// Maximum number of accepted connections that wait for a slot; further ones stay in the kernel's
/// queue, where the time that they wait is unknown.
const MAX_PENDING: usize = 256;

/// Pause after a failed accept, for example when the process is out of file descriptors.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
