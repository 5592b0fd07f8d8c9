//! HTTP/1.1 on an accepted connection, with time limits for head, body and writes.
//!
//! It drives `hyper` itself, since `axum::serve` offers neither a limit for the head nor eviction of
//! idle connections.

mod body_deadline;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
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
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::debug;

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

/// Serves one connection. Requests carry the address of the client as [`ConnectInfo`].
///
/// When `stop` is cancelled, the connection ends after the request in progress. When it is evicted, it
/// ends at once.
pub fn serve<S>(
    accepted: Accepted<S>,
    router: Router,
    limits: ConnectionLimits,
    stop: CancellationToken,
) -> impl Future<Output = ()> + Send
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Accepted { stream, peer, slot } = accepted;
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER)
        .title_case_headers(limits.title_case);
    let slot = Arc::new(slot);
    let active = Arc::clone(&slot);
    let service = service_fn(move |request| {
        active.mark_active();
        respond(router.clone(), peer, request)
    });
    let stream = TokioIo::new(with_write_timeout(stream));
    async move {
        let connection = builder.serve_connection(stream, service);
        tokio::pin!(connection);
        let served = async {
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = slot.evicted() => {
                    debug!(server = limits.server, %peer, "Evicted an idle connection.");
                    Ok(())
                }
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.as_mut().await
                }
            }
        };
        let ended = match limits.life {
            Some(life) => timeout(life, served).await,
            None => Ok(served.await),
        };
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => debug!(server = limits.server, %peer, %error, "Connection failed."),
            Err(_) => {
                debug!(server = limits.server, %peer, "Connection closed: maximum lifetime reached.");
            }
        }
    }
}

/// Fails writes that make no progress because the peer does not read.
fn with_write_timeout<S: AsyncRead + AsyncWrite>(stream: S) -> Pin<Box<TimeoutStream<S>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_STALL_TIMEOUT));
    Box::pin(stream)
}

async fn respond(
    router: Router,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Response, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    let is_chunked = request.headers().contains_key(TRANSFER_ENCODING);
    let request = request.map(|body| Body::new(BodyDeadline::new(body, BODY_TIMEOUT)));
    let mut response = router.oneshot(request).await?;
    if is_chunked {
        // A proxy may disagree about where the body ends (request smuggling), so this connection
        // serves no further request.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    Ok(response)
}

/// Time limit for the body of a request.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// Time limit for a write without progress.
const WRITE_STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum size of a request head, and of buffered response data, in bytes.
const MAX_BUFFER: usize = 64 * 1024;

const MAX_HEADERS: usize = 64;

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use axum::routing::{get, post};
    use futures_util::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::listener::slots::ConnectionSlots;
    use crate::tasks::Tasks;

    /// Opens a connection with a small buffer.
    fn connection(tasks: &Tasks) -> DuplexStream {
        let (near, far) = duplex(1024);
        let router = Router::new()
            .route("/large", get(async || vec![b'a'; 1 << 20]))
            .route("/length", post(async |body: Bytes| body.len().to_string()));
        let limits = ConnectionLimits {
            server: "test",
            head: Duration::from_secs(10),
            life: Some(Duration::from_mins(5)),
            title_case: false,
        };
        let peer = SocketAddr::from(([192, 0, 2, 1], 5));
        let slots = ConnectionSlots::new(1, 1);
        let permit = slots.acquire().now_or_never().unwrap();
        let accepted = Accepted {
            stream: far,
            peer,
            slot: slots.assign(permit, peer.ip()).unwrap(),
        };
        let serving = serve(accepted, router, limits, tasks.stop());
        tasks.spawn("server", serving);
        near
    }

    /// Sends a byte per second until the server closes the connection; returns how long that took.
    async fn trickle(mut stream: DuplexStream, start: &str) -> Duration {
        stream.write_all(start.as_bytes()).await.unwrap();
        let start_time = Instant::now();
        let (mut reading, mut writing) = tokio::io::split(stream);
        let mut received = Vec::new();
        let sending = async {
            while writing.write_all(b"a").await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            _ = reading.read_to_end(&mut received) => {}
            () = sending => {}
        }
        assert!(!received.starts_with(b"HTTP/1.1 200"), "{received:?}");
        start_time.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn trickling_head_is_cut_off() {
        let tasks = Tasks::new();
        let took = trickle(connection(&tasks), "GET /large HTTP/1.1\r\nX: ").await;
        assert!(took < Duration::from_secs(12), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn trickling_body_is_cut_off() {
        let tasks = Tasks::new();
        let start = "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n";
        let took = trickle(connection(&tasks), start).await;
        assert!(took < BODY_TIMEOUT + Duration::from_secs(2), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn response_read_byte_by_byte_is_cut_off() {
        let tasks = Tasks::new();
        let mut stream = connection(&tasks);
        let request = b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let start_time = Instant::now();
        let mut byte = [0];
        while stream.read_exact(&mut byte).await.is_ok() {
            sleep(Duration::from_secs(1)).await;
        }
        // Up to a thousand bytes were still buffered when the connection ended.
        let took = start_time.elapsed();
        assert!(took < Duration::from_mins(5 + 20), "{took:?}");
        assert!(tasks.shut_down(Duration::from_secs(1)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn connection_closes_after_a_chunked_body() {
        let tasks = Tasks::new();
        let mut stream = connection(&tasks);
        let chunked = "POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
                       3\r\nabc\r\n0\r\n\r\n";
        let twice = [chunked, chunked].concat();
        stream.write_all(twice.as_bytes()).await.unwrap();
        let mut received = String::new();
        stream.read_to_string(&mut received).await.unwrap();
        assert!(received.ends_with("\r\n\r\n3"), "{received}");
        assert_eq!(received.matches("HTTP/1.1").count(), 1, "{received}");
    }

    #[tokio::test(start_paused = true)]
    async fn stalled_write_fails_and_a_slow_one_does_not() {
        let (near, mut far) = duplex(16);
        let mut near = with_write_timeout(near);
        near.write_all(&[0; 16]).await.unwrap();
        let read = async {
            for _ in 0..10 {
                sleep(WRITE_STALL_TIMEOUT / 2).await;
                far.read_exact(&mut [0; 8]).await.unwrap();
            }
        };
        let (written, ()) = tokio::join!(near.write_all(&[0; 64]), read);
        written.unwrap();
        let error = near.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    }
}
