//! HTTP/1.1 on an accepted connection, with time limits for head, body and writes.
//!
//! It drives `hyper` itself, since `axum::serve` offers neither a limit for the head nor eviction of
//! idle connections.

mod activity;
mod body_deadline;

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{CONNECTION, TRANSFER_ENCODING};
use axum::http::{HeaderValue, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::debug;

use activity::{Activity, ResponseBody, Watched};
use body_deadline::BodyDeadline;

use crate::listener::Accepted;

/// Limits of one connection.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Name of the server in the log.
    pub server: &'static str,
    /// Time limit for the head of a request, and for an idle connection.
    pub head: Duration,
    /// Maximum lifetime of a connection; `None` means unlimited.
    pub life: Option<Duration>,
    /// Whether header names are written in title case (`Content-Type`).
    pub title_case: bool,
}

/// An extension of each request, by which a handler reports that its credentials are valid.
#[derive(Clone, Debug)]
pub struct PeerTrust(Activity);

impl PeerTrust {
    /// Makes the connection a trusted one, until its next request.
    pub fn grant(&self) {
        self.0.slot().set_trusted(true);
    }
}

/// Serves one connection. Requests carry the address of the client as [`ConnectInfo`], and a
/// [`PeerTrust`].
///
/// A client may close its sending side after the request; it still receives the response. When `stop`
/// is cancelled, the connection ends after the request in progress. When it is evicted, it ends at once.
pub fn serve<S>(
    accepted: Accepted<S>,
    router: Router,
    limits: ConnectionLimits,
    stop: CancellationToken,
) -> impl Future<Output = ()> + Send
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Accepted {
        stream, peer, slot, ..
    } = accepted;
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER)
        .title_case_headers(limits.title_case)
        .half_close(true);
    let activity = Activity::new(slot);
    let requests = activity.clone();
    let service = service_fn(move |request| {
        Box::pin(respond(router.clone(), peer, request, requests.clone()))
    });
    let stream = Watched::new(with_write_timeout(stream), activity.clone());
    async move {
        let mut connection = builder.serve_connection(TokioIo::new(stream), service);
        let served = async {
            let mut is_stopping = false;
            let ended = loop {
                tokio::select! {
                    ended = poll_fn(|cx| connection.poll_without_shutdown(cx)) => break ended,
                    () = stop.cancelled(), if !is_stopping => {
                        is_stopping = true;
                        Pin::new(&mut connection).graceful_shutdown();
                    }
                }
            };
            activity.slot().mark_idle();
            linger(connection.into_parts().io.into_inner()).await;
            ended
        };
        let served = async {
            match limits.life {
                Some(life) => timeout(life, served).await.ok(),
                None => Some(served.await),
            }
        };
        let server = limits.server;
        match activity.slot().run(served).await {
            Some(Some(Ok(()))) => {}
            Some(Some(Err(error))) => debug!(server, %peer, %error, "Connection failed."),
            Some(None) => debug!(server, %peer, "Connection closed: maximum lifetime reached."),
            None => debug!(server, %peer, "Closed a connection to make room for others."),
        }
    }
}

/// Closes the sending side, and discards what the client still sends: closing a connection with unread
/// data resets it, and the client could lose the response.
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) {
    let closing = async {
        stream.shutdown().await?;
        let mut rest = stream.take(MAX_DISCARDED);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
    };
    // Errors, and a client that does not close in time, no longer matter.
    let _ = timeout(LINGER_TIMEOUT, closing).await;
}

/// Fails writes that make no progress because the peer does not read.
fn with_write_timeout<S: AsyncRead + AsyncWrite>(stream: S) -> Pin<Box<TimeoutStream<S>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_STALL_TIMEOUT));
    Box::pin(stream)
}

/// Answers a request. Its head is complete when this function is called, its body perhaps not.
fn respond(
    router: Router,
    peer: SocketAddr,
    mut request: Request<Incoming>,
    activity: Activity,
) -> impl Future<Output = Result<axum::http::Response<ResponseBody<Body>>, Infallible>> + Send {
    activity.request_began();
    let is_chunked = request.headers().contains_key(TRANSFER_ENCODING);
    let extensions = request.extensions_mut();
    extensions.insert(ConnectInfo(peer));
    extensions.insert(PeerTrust(activity.clone()));
    let complete = activity.clone();
    let at_end = move || complete.request_complete();
    let request = request.map(|body| Body::new(BodyDeadline::new(body, BODY_TIMEOUT, at_end)));
    async move {
        let mut response: Response = router.oneshot(request).await?;
        activity.request_complete();
        if is_chunked {
            // A proxy may disagree about where the body ends (request smuggling), so this connection
            // serves no further request.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        Ok(response.map(|body| ResponseBody::new(body, activity)))
    }
}

/// Time limit for the body of a request.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// Time limit for a write without progress.
const WRITE_STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Time for a client to close its side after the last response.
const LINGER_TIMEOUT: Duration = Duration::from_secs(1);

/// Maximum number of bytes that are read and discarded after the last response.
const MAX_DISCARDED: u64 = 1024 * 1024;

/// Maximum size of a request head, and of buffered response data, in bytes.
const MAX_BUFFER: usize = 64 * 1024;

const MAX_HEADERS: usize = 64;

#[cfg(test)]
mod tests;
