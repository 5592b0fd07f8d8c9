//! Connections of phones: who may come in, and how long each may take.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tracing::debug;

use super::Config;
use super::action::Listener;
use crate::deliver::Logins;
use crate::door::{self, Door, Manners};
use crate::shelf::Shelf;
use crate::shutdown::Tasks;

/// The server that phones talk to, bound and not yet running.
#[derive(Debug)]
pub struct Server {
    door: Door,
    config: Config,
}

/// Why the server can't start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address can't be listened on.
    #[error("cannot listen on {listen} for phones (http.listen)")]
    Bind {
        /// The address.
        listen: SocketAddr,
        /// Why not.
        source: io::Error,
    },
}

impl Server {
    /// Binds the address of `config`.
    pub fn bind(config: Config) -> Result<Self, Error> {
        let listen = config.listen;
        let (all, each) = (config.max_connections, config.max_connections_each);
        let door = Door::bind(MANNERS.door, listen, all, each)
            .map_err(|source| Error::Bind { listen, source })?;
        Ok(Self { door, config })
    }

    /// Returns the address that was bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.door.local_addr()
    }

    /// Serves phones until `tasks` is asked to stop; connections in hand end after their request.
    pub async fn run(self, shelf: Shelf, logins: Logins, listener: Listener, tasks: &Tasks) {
        let router = super::router(shelf, logins, listener);
        let stop = tasks.stop();
        while let Some(guest) = stop.run_until_cancelled(self.door.accept()).await {
            if !self.config.allows(guest.peer.ip()) {
                debug!(peer = %guest.peer, "Dropped a connection from outside http.allow.");
                continue;
            }
            let (router, stop) = (router.clone(), stop.clone());
            tasks.spawn("phone connection", async move {
                let who = (guest.peer, guest.place);
                door::serve(guest.stream, who, router, MANNERS, stop).await;
            });
        }
    }
}

/// Phones are quick, and come back for more.
const MANNERS: Manners = Manners {
    door: "http",
    head: Duration::from_secs(10),
    life: Some(Duration::from_mins(5)),
    // Some old phones compare header names with case.
    title_case: true,
};
