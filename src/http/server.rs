//! Connections of phones: who may come in, how many, and how long each may take.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::Config;
use super::action::{Listener, Peer};
use crate::deliver::Logins;
use crate::shelf::Shelf;
use crate::shutdown::Tasks;

/// The server that phones talk to, bound and not yet running.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    config: Config,
    connections: Arc<Semaphore>,
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
        let failed = |source| Error::Bind { listen, source };
        let listener = listen_on(listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let connections = Arc::new(Semaphore::new(config.max_connections));
        Ok(Self {
            listener,
            address,
            config,
            connections,
        })
    }

    /// Returns the address that was bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves phones until `tasks` is asked to stop; connections in hand end after their request.
    pub async fn run(self, shelf: Shelf, logins: Logins, listener: Listener, tasks: &Tasks) {
        let router = super::router(shelf, logins, listener);
        let stop = tasks.stop();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = self.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer, permit)) if self.config.allows(peer.ip()) => {
                    let connection = serve(stream, peer, router.clone(), stop.clone());
                    tasks.spawn("phone connection", async move {
                        connection.await;
                        drop(permit);
                    });
                }
                Ok((_, peer, _)) => debug!(%peer, "Dropped a connection from outside http.allow."),
                Err(error) => {
                    warn!(%error, "Cannot accept a phone's connection.");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Waits for room, then for a connection, so that the kernel's queue holds the rest.
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let permit = Arc::clone(&self.connections)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let (stream, peer) = self.listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok((stream, peer, permit))
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

/// Serves one connection; whatever it does, it ends.
fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    router: axum::Router,
    stop: CancellationToken,
) -> impl Future<Output = ()> + Send {
    let service =
        TowerToHyperService::new(tower::ServiceExt::<axum::extract::Request>::map_request(
            router,
            move |mut request: hyper::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(Peer(peer));
                request.map(axum::body::Body::new)
            },
        ));
    async move {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS)
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_BUFFER)
            // As most servers write them; some old phones compare header names with case.
            .title_case_headers(true);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let ended: Result<Result<(), hyper::Error>, _> = timeout(LIFE, async {
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.as_mut().await
                }
            }
        })
        .await;
        if let Ok(Err(error)) = ended {
            debug!(%error, "A phone's connection broke.");
        }
    }
}

/// Phones come in bursts: a push to a group makes all of them fetch at once.
const BACKLOG: u32 = 4096;

/// How long a request may take to arrive, and an idle connection stays.
const HEADERS: Duration = Duration::from_secs(10);

/// How long a connection may last, whatever it does.
const LIFE: Duration = Duration::from_mins(5);

/// How long to wait after a failure to accept, such as of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

const MAX_BUFFER: usize = 32 * 1024;
const MAX_HEADERS: usize = 64;
