//! Connections of phones: who may come in, and how long each may take.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tracing::debug;

use super::Config;
use super::action::EventSender;
use crate::content_store::ContentStore;
use crate::deliver::PushCredentials;
use handset_net::http_server::{self, ConnectionLimits};
use handset_net::listener::Listener;
use handset_net::tasks::Tasks;

/// The server that phones talk to, bound and not yet running.
#[derive(Debug)]
pub struct Server {
    listener: Listener,
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
        let listener = Listener::bind(LIMITS.server, listen, all, each)
            .map_err(|source| Error::Bind { listen, source })?;
        Ok(Self { listener, config })
    }

    /// Returns the address that was bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.listener.local_addr()
    }

    /// Serves phones until `tasks` is asked to stop; connections in hand end after their request.
    pub async fn run(
        self,
        content_store: ContentStore,
        logins: PushCredentials,
        events: EventSender,
        tasks: &Tasks,
    ) {
        let router = super::router(content_store, logins, events);
        let stop = tasks.stop();
        while let Some(accepted) = stop.run_until_cancelled(self.listener.accept()).await {
            if !self.config.allows(accepted.peer.ip()) {
                debug!(peer = %accepted.peer, "Dropped a connection from outside http.allow.");
                continue;
            }
            let (router, stop) = (router.clone(), stop.clone());
            tasks.spawn("phone connection", async move {
                let who = (accepted.peer, accepted.slot);
                http_server::serve(accepted.stream, who, router, LIMITS, stop).await;
            });
        }
    }
}

/// Phones are quick, and come back for more.
const LIMITS: ConnectionLimits = ConnectionLimits {
    server: "http",
    head: Duration::from_secs(10),
    life: Some(Duration::from_mins(5)),
    // Some old phones compare header names with case.
    title_case: true,
};
