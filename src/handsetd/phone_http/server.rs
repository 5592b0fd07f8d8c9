//! Accepts the connections of phones, and limits them.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use handset_net::http_server::{self, ConnectionLimits};
use handset_net::listener::{Accepted, Capacity, Listener};
use handset_net::request_line::EncodingStream;
use handset_net::tasks::Tasks;
use tracing::warn;

use super::action_url::{ActionUrls, EventSender};
use super::config::Config;
use super::page::PageRoutes;
use super::router::router;
use crate::content_store::ContentStore;
use crate::deliver::PushCredentials;

/// The phone-facing server, bound and not yet running.
#[derive(Debug)]
pub(crate) struct Server {
    listener: Listener,
    config: Config,
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot listen on {listen} for phones (http.listen)")]
    Bind {
        listen: SocketAddr,
        source: io::Error,
    },
}

impl Server {
    pub(crate) fn bind(config: Config) -> Result<Self, Error> {
        let listen = config.listen;
        let capacity = Capacity {
            total: config.max_connections,
            each: config.max_connections_each,
            reserved: 0,
            grace: Some(REQUEST_GRACE),
            wait: MAX_WAIT,
        };
        let listener = Listener::bind(LIMITS.server, listen, capacity)
            .map_err(|source| Error::Bind { listen, source })?;
        Ok(Self { listener, config })
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.listener.local_addr()
    }

    /// Serves phones until `tasks` stops; open connections then end after their current request.
    pub(crate) async fn run(
        mut self,
        content_store: ContentStore,
        credentials: PushCredentials,
        events: EventSender,
        pages: Option<PageRoutes>,
        tasks: &Tasks,
    ) {
        let action_urls = ActionUrls {
            events,
            key: self.config.action_key.clone(),
        };
        let router = router(content_store.clone(), credentials, action_urls, pages);
        let stop = tasks.stop();
        let allow = self.config.allow;
        let admits = |peer: SocketAddr| {
            let is_allowed = allow.contains(peer.ip());
            if !is_allowed {
                content_store.refuse(peer.ip());
                warn!(%peer, "Refused a connection from outside http.allow.");
            }
            is_allowed
        };
        while let Some(accepted) = stop.run_until_cancelled(self.listener.accept(admits)).await {
            let (router, stop) = (router.clone(), stop.clone());
            let Accepted {
                stream,
                peer,
                since,
                slot,
            } = accepted;
            let accepted = Accepted {
                stream: EncodingStream::new(stream),
                peer,
                since,
                slot,
            };
            tasks.spawn("phone connection", async move {
                http_server::serve(accepted, router, LIMITS, stop).await;
            });
        }
    }
}

/// Phones send short requests, and reconnect when needed.
const LIMITS: ConnectionLimits = ConnectionLimits {
    server: "http",
    head: Duration::from_secs(10),
    life: Some(Duration::from_mins(5)),
    // Some old phones compare header names case-sensitively.
    title_case: true,
};

/// How long a response may take when all connections are in use, for an address with more of them than
/// others. Phones fetch their largest document, a background, in less.
const REQUEST_GRACE: Duration = Duration::from_secs(3);

/// How long a phone waits for a connection when all are in use; phones give up at about this time.
const MAX_WAIT: Duration = Duration::from_secs(10);
