//! Connections of administrators: encrypted or not, and how long each step may take.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::tls::TlsError;
use super::{Config, Office, Parts, Token, router};
use crate::door::{self, Door, Guest, Manners};
use crate::shutdown::Tasks;

/// The administrator's door, bound and not yet open.
#[derive(Debug)]
pub struct Server {
    door: Door,
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
        let door = Door::bind(MANNERS.door, listen, all, each)
            .map_err(|source| Error::Bind { listen, source })?;
        Ok(Self { door, tls })
    }

    /// Returns the address that was bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.door.local_addr()
    }

    /// Serves administrators until `tasks` is asked to stop; connections in hand end after their
    /// request.
    pub async fn run(self, parts: Parts, token: Token, tasks: &Tasks) {
        let router = router::router(&Office::new(parts, token, self.tls.is_some()));
        let stop = tasks.stop();
        while let Some(guest) = stop.run_until_cancelled(self.door.accept()).await {
            let (router, stop, tls) = (router.clone(), stop.clone(), self.tls.clone());
            tasks.spawn("administrator's connection", open(guest, tls, router, stop));
        }
    }
}

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acceptor").finish_non_exhaustive()
    }
}

async fn open(
    Guest {
        stream,
        peer,
        place,
    }: Guest,
    tls: Option<Acceptor>,
    router: axum::Router,
    stop: CancellationToken,
) {
    let Some(Acceptor(tls)) = tls else {
        return door::serve(stream, (peer, place), router, MANNERS, stop).await;
    };
    match timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(stream)) => door::serve(stream, (peer, place), router, MANNERS, stop).await,
        Ok(Err(error)) => debug!(%error, "An administrator's TLS handshake failed."),
        Err(_) => debug!("An administrator's TLS handshake took too long."),
    }
}

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Administrators may listen to events for days.
const MANNERS: Manners = Manners {
    door: "admin",
    head: Duration::from_secs(15),
    life: None,
    title_case: false,
};
