//! Connections of administrators: how many, encrypted or not, and how long each step may take.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::patient::Patient;
use super::tls::TlsError;
use super::{Config, Office, Parts, Token, router};
use crate::shutdown::Tasks;

/// The administrator's door, bound and not yet open.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Acceptor>,
    connections: Arc<Semaphore>,
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
        let failed = |source| Error::Bind { listen, source };
        let tls = config.tls.as_ref().map(super::TlsFiles::acceptor);
        let tls = tls.transpose()?.map(Acceptor);
        let listener = listen_on(listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            tls,
            connections: Arc::new(Semaphore::new(config.max_connections)),
        })
    }

    /// Returns the address that was bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves administrators until `tasks` is asked to stop; connections in hand end after their
    /// request.
    pub async fn run(self, parts: Parts, token: Token, tasks: &Tasks) {
        let router = router::router(&Office::new(parts, token, self.tls.is_some()));
        let stop = tasks.stop();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = self.accept() => accepted,
            };
            match accepted {
                Ok((stream, permit)) => {
                    let (router, stop, tls) = (router.clone(), stop.clone(), self.tls.clone());
                    tasks.spawn("administrator's connection", async move {
                        open(stream, tls, router, stop).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    warn!(%error, "Cannot accept an administrator's connection.");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Waits for room, then for a connection, so that the kernel's queue holds the rest.
    async fn accept(&self) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
        let permit = Arc::clone(&self.connections)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let (stream, _) = self.listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok((stream, permit))
    }
}

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acceptor").finish_non_exhaustive()
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

async fn open(
    stream: TcpStream,
    tls: Option<Acceptor>,
    router: axum::Router,
    stop: CancellationToken,
) {
    let Some(Acceptor(tls)) = tls else {
        return serve(Patient::new(stream), router, stop).await;
    };
    match timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve(Patient::new(stream), router, stop).await,
        Ok(Err(error)) => debug!(%error, "An administrator's TLS handshake failed."),
        Err(_) => debug!("An administrator's TLS handshake took too long."),
    }
}

/// Serves one connection until either side ends it.
fn serve<S>(
    stream: S,
    router: axum::Router,
    stop: CancellationToken,
) -> impl Future<Output = ()> + Send
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service =
        TowerToHyperService::new(tower::ServiceExt::<axum::extract::Request>::map_request(
            router,
            |request: hyper::Request<hyper::body::Incoming>| request.map(axum::body::Body::new),
        ));
    async move {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS)
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_BUFFER);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let ended: Result<(), hyper::Error> = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.as_mut().await
            }
        };
        if let Err(error) = ended {
            debug!(%error, "An administrator's connection broke.");
        }
    }
}

const BACKLOG: u32 = 1024;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long the head of a request may take to arrive, and an idle connection stays.
const HEADERS: Duration = Duration::from_secs(15);

/// How long to wait after a failure to accept, such as of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

const MAX_BUFFER: usize = 64 * 1024;
const MAX_HEADERS: usize = 64;
