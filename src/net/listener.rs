//! A TCP listener that limits connections, in total and per address.

pub(crate) mod slots;
mod table;

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, warn};

pub use slots::Slot;
use slots::{ConnectionSlots, NoSlot};
pub use table::{Capacity, rate_limit_key};

/// A bound socket that limits its connections.
#[derive(Debug)]
pub struct Listener {
    name: &'static str,
    socket: TcpListener,
    address: SocketAddr,
    slots: ConnectionSlots,
    wait: Duration,
    /// Accepted connections that have no slot yet, oldest first.
    pending: VecDeque<Pending>,
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

#[derive(Debug)]
struct Pending {
    stream: TcpStream,
    peer: SocketAddr,
    since: Instant,
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
            wait: capacity.wait,
            pending: VecDeque::new(),
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
                        Ok((stream, peer)) if admits(peer) => self.enqueue(stream, peer),
                        Ok(_) => {}
                        Err(error) => {
                            warn!(listener = self.name, %error, "Cannot accept a connection.");
                            // It may have been the last descriptor.
                            self.slots.evict_idle();
                            sleep(ACCEPT_RETRY_DELAY).await;
                        }
                    }
                }
                () = self.slots.changed(), if !self.pending.is_empty() => {}
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            }
        }
    }

    fn enqueue(&mut self, stream: TcpStream, peer: SocketAddr) {
        self.pending.push_back(Pending {
            stream,
            peer,
            since: Instant::now(),
        });
    }

    /// Returns the first pending connection for which there is room; otherwise, when to try again.
    fn admit(&mut self) -> Result<Accepted, Option<Instant>> {
        let mut wake = None;
        let mut pending = mem::take(&mut self.pending);
        while let Some(next) = pending.pop_front() {
            let reason = match self.slots.admit(next.peer.ip()) {
                Ok(slot) => {
                    self.pending.append(&mut pending);
                    let Pending {
                        stream,
                        peer,
                        since,
                    } = next;
                    return Ok(Accepted {
                        stream,
                        peer,
                        since,
                        slot,
                    });
                }
                Err(NoSlot::Rejected) => "its address has too many connections",
                Err(NoSlot::Wait(until)) => {
                    let end = next.since + self.wait;
                    if Instant::now() < end {
                        wake = [wake, until, Some(end)].into_iter().flatten().min();
                        self.pending.push_back(next);
                        continue;
                    }
                    "all connections are in use"
                }
            };
            debug!(listener = self.name, peer = %next.peer, reason, "Closed a connection unserved.");
        }
        Err(wake)
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
