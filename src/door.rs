//! A door: a bound socket, a bounded number of connections, and how each of them is served.
//!
//! It knows that HTTP is spoken, and nothing of what is said; that is for the router.

mod body;
mod patient;
mod places;
mod serve;

pub use places::{Place, source};
pub use serve::{Manners, serve};

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::sleep;
use tracing::{debug, warn};

use places::Places;

/// A bound socket whose connections are counted.
#[derive(Debug)]
pub struct Door {
    name: &'static str,
    listener: TcpListener,
    address: SocketAddr,
    places: Places,
}

/// Somebody who has come in.
#[derive(Debug)]
pub struct Guest {
    /// What is spoken through.
    pub stream: TcpStream,
    /// Who it is.
    pub peer: SocketAddr,
    /// To be dropped when the connection is over.
    pub place: Place,
}

impl Door {
    /// Binds `address` for that many connections in all, and for that many of `each` address; `name`
    /// is what the log calls the door.
    pub fn bind(
        name: &'static str,
        address: SocketAddr,
        connections: usize,
        each: usize,
    ) -> io::Result<Self> {
        let listener = listen_on(address)?;
        Ok(Self {
            name,
            address: listener.local_addr()?,
            listener,
            places: Places::new(connections, each),
        })
    }

    /// Returns the address that was bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Waits for room, then for a connection, so that the kernel's queue holds the rest. A failure
    /// costs a pause, never the door; who has its share already is sent away. Cancel safe.
    pub async fn accept(&self) -> Guest {
        loop {
            match self.accepted().await {
                Ok(Ok(guest)) => return guest,
                Ok(Err(peer)) => {
                    debug!(door = self.name, %peer, "Sent away: it has too many connections.");
                }
                Err(error) => {
                    warn!(door = self.name, %error, "Cannot accept a connection.");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn accepted(&self) -> io::Result<Result<Guest, SocketAddr>> {
        let room = self.places.room().await;
        let (stream, peer) = self.listener.accept().await?;
        stream.set_nodelay(true)?;
        let place = self.places.give(room, peer.ip()).ok_or(peer);
        Ok(place.map(|place| Guest {
            stream,
            peer,
            place,
        }))
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

/// Phones come in bursts: a push to a group makes all of them fetch at once. The system may cap it
/// (`net.core.somaxconn`).
const BACKLOG: u32 = 4096;

/// How long to wait after a failure to accept, such as of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);
