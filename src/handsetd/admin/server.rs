//! Connections of administrators: encrypted or not, and how long each step may take.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::tls::TlsError;
use super::{AppState, Config, Services, Token, router};
use handset_net::http_server::{self, ConnectionLimits};
use handset_net::listener::{Accepted, Listener};
use handset_net::tasks::Tasks;

/// The administrator's door, bound and not yet open.
#[derive(Debug)]
pub struct Server {
    listener: Listener,
    tls: Option<Acceptor>,
}

/// Shakes hands.
#[derive(Clone)]
struct Acceptor(TlsAcceptor);

/// Why the door can't be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address can't be listened on.
    #[error("cannot listen on {listen} for administrators (admin.listen)")]
    Bind {
        /// The address.
        listen: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// There is no certificate to show.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Server {
    /// Binds the address of `config`, and reads its certificate. Blocks for a moment.
    pub fn bind(config: &Config) -> Result<Self, Error> {
        let listen = config.address();
        let tls = config.tls.as_ref().map(super::TlsFiles::acceptor);
        let tls = tls.transpose()?.map(Acceptor);
        let (all, each) = (config.max_connections, config.max_connections_each);
        let listener = Listener::bind(LIMITS.server, listen, all, each)
            .map_err(|source| Error::Bind { listen, source })?;
        Ok(Self { listener, tls })
    }

    /// Returns the address that was bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.listener.local_addr()
    }

    /// Serves administrators until `tasks` is asked to stop; connections in hand end after their
    /// request.
    pub async fn run(self, parts: Services, token: Token, tasks: &Tasks) {
        let router = router::router(&AppState::new(parts, token, self.tls.is_some()));
        let stop = tasks.stop();
        while let Some(accepted) = stop.run_until_cancelled(self.listener.accept()).await {
            let (router, stop, tls) = (router.clone(), stop.clone(), self.tls.clone());
            tasks.spawn(
                "administrator's connection",
                open(accepted, tls, router, stop),
            );
        }
    }
}

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acceptor").finish_non_exhaustive()
    }
}

async fn open(
    accepted: Accepted,
    tls: Option<Acceptor>,
    router: axum::Router,
    stop: CancellationToken,
) {
    let Some(Acceptor(tls)) = tls else {
        return http_server::serve(accepted, router, LIMITS, stop).await;
    };
    let Accepted { stream, peer, slot } = accepted;
    match timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(stream)) => {
            let accepted = Accepted { stream, peer, slot };
            http_server::serve(accepted, router, LIMITS, stop).await;
        }
        Ok(Err(error)) => debug!(%error, "An administrator's TLS handshake failed."),
        Err(_) => debug!("An administrator's TLS handshake took too long."),
    }
}

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Administrators may listen to events for days.
const LIMITS: ConnectionLimits = ConnectionLimits {
    server: "admin",
    head: Duration::from_secs(15),
    life: None,
    title_case: false,
};
