//! One connection, served until either side ends it.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::debug;

use super::patient::Patient;

/// How a door treats those who come in.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// What the log calls the door.
    pub door: &'static str,
    /// How long the head of a request may take to arrive, and an idle connection stays.
    pub head: Duration,
    /// How long a connection may last, whatever it does; `None` is for ever.
    pub life: Option<Duration>,
    /// Whether header names are written as most servers write them.
    pub title_case: bool,
}

/// Serves one connection; requests carry `peer` as [`ConnectInfo`].
///
/// When `stop` is cancelled, it ends after the request that is in hand.
pub fn serve<S>(
    stream: S,
    peer: SocketAddr,
    router: axum::Router,
    manners: Manners,
    stop: CancellationToken,
) -> impl Future<Output = ()> + Send
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = ServiceExt::<Request>::map_request(
        router,
        move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.map(Body::new)
        },
    );
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(manners.head)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER)
        .title_case_headers(manners.title_case);
    let stream = TokioIo::new(Patient::new(stream));
    async move {
        let connection = builder.serve_connection(stream, TowerToHyperService::new(service));
        tokio::pin!(connection);
        let served = async {
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.as_mut().await
                }
            }
        };
        let ended = match manners.life {
            Some(life) => timeout(life, served).await,
            None => Ok(served.await),
        };
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => debug!(door = manners.door, %peer, %error, "A connection broke."),
            Err(_) => debug!(door = manners.door, %peer, "A connection lasted too long."),
        }
    }
}

/// The longest head of a request, and the most of an answer that is held.
const MAX_BUFFER: usize = 64 * 1024;

const MAX_HEADERS: usize = 64;
