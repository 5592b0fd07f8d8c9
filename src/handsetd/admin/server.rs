//! Accepts the connections of admin clients, with or without TLS.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::FutureExt;
use handset_net::allow_list::AllowList;
use handset_net::http_server::{self, ConnectionLimits};
use handset_net::listener::{Accepted, Capacity, Listener};
use handset_net::server_certificate::{TlsError, TlsFiles};
use handset_net::tasks::Tasks;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::accounts::Accounts;
use super::config::Config;
use super::following;
use super::long_requests::LongRequests;
use super::router;
use super::rules;
use super::state::{AppState, Services, Transport};

/// The admin server, bound and not yet running.
#[derive(Debug)]
pub(crate) struct Server {
    listener: Listener,
    /// Number of connections that one address may have.
    each: usize,
    tls: Option<Acceptor>,
    allow: AllowList,
    /// Whether requests must name this machine as their host.
    requires_own_host: bool,
}

/// [`TlsAcceptor`] with `Debug`.
#[derive(Clone)]
struct Acceptor(TlsAcceptor);

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot listen on {listen} for administrators (admin.listen)")]
    Bind {
        listen: SocketAddr,
        source: io::Error,
    },
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Reads the certificate. Blocks.
fn acceptor(files: &TlsFiles) -> Result<Acceptor, TlsError> {
    let mut config = files.load("admin.tls")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Acceptor(Arc::new(config).into()))
}

impl Server {
    /// Binds the address and reads the certificate. Blocks.
    pub(crate) fn bind(config: &Config) -> Result<Self, Error> {
        let listen = config.address();
        let tls = match &config.tls {
            Some(files) => Some(acceptor(files)?),
            None => None,
        };
        let capacity = Capacity {
            total: config.max_connections,
            each: config.max_connections_each,
            reserved: config.max_connections.div_ceil(RESERVED),
            grace: Some(Duration::ZERO),
            wait: MAX_WAIT,
        };
        let listener = Listener::bind(LIMITS.server, listen, capacity)
            .map_err(|source| Error::Bind { listen, source })?;
        Ok(Self {
            listener,
            each: capacity.each.min(capacity.total),
            tls,
            allow: config.allow.clone(),
            requires_own_host: config.tls.is_none() && !config.plain,
        })
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.listener.local_addr()
    }

    /// Serves until `tasks` stops; open connections then end after their current request.
    pub(crate) async fn run(mut self, services: Services, accounts: Accounts, tasks: &Tasks) {
        let long_requests = LongRequests::new(self.each);
        let transport = Transport {
            is_encrypted: self.tls.is_some(),
            own_address: self.requires_own_host.then(|| self.local_addr()),
        };
        let state = AppState::new(services, accounts, transport, long_requests);
        let router = router::router(&state);
        let stop = tasks.stop();
        if state.services.daemons.own().is_some() {
            let follow = following::run(state.interest.clone(), state.services.clone());
            let rules = rules::feed(state.services.clone());
            for (name, task) in [("following", follow.boxed()), ("rules feed", rules.boxed())] {
                let stop = stop.clone();
                tasks.spawn(name, async move {
                    stop.run_until_cancelled(task).await;
                });
            }
        }
        let admits = |peer: SocketAddr| {
            let is_allowed = self.allow.contains(peer.ip());
            if !is_allowed {
                debug!(%peer, "Rejected a connection from outside admin.allow.");
            }
            is_allowed
        };
        while let Some(accepted) = stop.run_until_cancelled(self.listener.accept(admits)).await {
            let connection = serve(accepted, self.tls.clone(), router.clone(), stop.clone());
            tasks.spawn("admin connection", connection);
        }
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor").finish_non_exhaustive()
    }
}

async fn serve(accepted: Accepted, tls: Option<Acceptor>, router: Router, stop: CancellationToken) {
    let Some(Acceptor(tls)) = tls else {
        return http_server::serve(accepted, router, LIMITS, stop).await;
    };
    let Accepted {
        stream,
        peer,
        since,
        slot,
    } = accepted;
    let handshake = slot.run(timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)));
    let Some(handshake) = handshake.await else {
        debug!(%peer, "Closed a connection during its TLS handshake to make room for others.");
        return;
    };
    match handshake {
        Ok(Ok(stream)) => {
            let accepted = Accepted {
                stream,
                peer,
                since,
                slot,
            };
            http_server::serve(accepted, router, LIMITS, stop).await;
        }
        Ok(Err(error)) => debug!(%peer, %error, "The TLS handshake of an admin client failed."),
        Err(_) => debug!(%peer, "The TLS handshake of an admin client timed out."),
    }
}

/// One in this many connections is kept for clients that have shown the token.
const RESERVED: usize = 4;

/// How long a client waits for a connection when all are in use by clients that have shown the token.
const MAX_WAIT: Duration = Duration::from_secs(10);

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

const LIMITS: ConnectionLimits = ConnectionLimits {
    server: "admin",
    head: Duration::from_secs(15),
    // Clients may stream events for days.
    life: None,
    title_case: false,
};
