//! A door: a bound socket, a bounded number of connections, and how each of them is served.
//!
//! It knows that HTTP is spoken, and nothing of what is said; that is for the router.

mod patient;
mod serve;

pub use serve::{Manners, serve};

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tracing::warn;

/// A bound socket whose connections are counted.
#[derive(Debug)]
pub struct Door {
    name: &'static str,
    listener: TcpListener,
    address: SocketAddr,
    places: Arc<Semaphore>,
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

/// One of the places behind a door; dropping it makes room for somebody else.
#[derive(Debug)]
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Door {
    /// Binds `address` for that many connections; `name` is what the log calls the door.
    pub fn bind(name: &'static str, address: SocketAddr, connections: usize) -> io::Result<Self> {
        let listener = listen_on(address)?;
        Ok(Self {
            name,
            address: listener.local_addr()?,
            listener,
            places: Arc::new(Semaphore::new(connections)),
        })
    }

    /// Returns the address that was bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Waits for room, then for a connection, so that the kernel's queue holds the rest. A failure
    /// costs a pause, never the door. Cancel safe.
    pub async fn accept(&self) -> Guest {
        loop {
            match self.accepted().await {
                Ok(guest) => return guest,
                Err(error) => {
                    warn!(door = self.name, %error, "Cannot accept a connection.");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn accepted(&self) -> io::Result<Guest> {
        let permit = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let (stream, peer) = self.listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok(Guest {
            stream,
            peer,
            place: Place { _permit: permit },
        })
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
