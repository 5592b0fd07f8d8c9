//! Serving HTTP/1.1 on one accepted connection, with deadlines for head, body and writes.

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

use crate::listener::Slot;

/// Limits of one connection.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Name of the server in the log.
    pub server: &'static str,
    /// How long the head of a request may take to arrive, and how long a connection may be idle.
    pub head: Duration,
    /// Maximum lifetime of a connection; `None` is unlimited.
    pub life: Option<Duration>,
    /// Whether header names are written as most servers write them.
    pub title_case: bool,
}

/// Serves one connection; requests carry `peer` as [`ConnectInfo`].
///
/// When `stop` is cancelled, the connection ends after the request in progress. When its slot is taken
/// by another connection, it ends at once.
pub fn serve<S>(
    stream: S,
    (peer, slot): (SocketAddr, Slot),
    router: Router,
    limits: ConnectionLimits,
    stop: CancellationToken,
) -> impl Future<Output = ()> + Send
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER)
        .title_case_headers(limits.title_case);
    let slot = Arc::new(slot);
    let own = Arc::clone(&slot);
    let service = service_fn(move |request| {
        own.mark_active();
        answer(router.clone(), peer, request)
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
                debug!(server = limits.server, %peer, "Connection closed: maximum lifetime reached.")
            }
        }
    }
}

/// Ends a connection whose peer stops reading.
fn with_write_timeout<S: AsyncRead + AsyncWrite>(stream: S) -> Pin<Box<TimeoutStream<S>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_STALL_TIMEOUT));
    Box::pin(stream)
}

async fn answer(
    router: Router,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Response, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    let in_chunks = request.headers().contains_key(TRANSFER_ENCODING);
    let request = request.map(|body| Body::new(BodyDeadline::new(body, BODY_TIMEOUT)));
    let mut response = router.oneshot(request).await?;
    if in_chunks {
        // A proxy may disagree on where the body ends, so nothing after it is served (request
        // smuggling).
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    Ok(response)
}

/// Time for the body of a request to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a write may make no progress because the peer does not read.
const WRITE_STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum bytes of a request head, and of a response that is buffered.
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

    /// Opens a connection that holds no more than a little of what is on its way.
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
        let slot = slots.assign(permit, peer.ip()).unwrap();
        let serving = serve(far, (peer, slot), router, limits, tasks.stop());
        tasks.spawn("server", serving);
        near
    }

    /// Sends a byte a second until the other side ends it; returns how long that took.
    async fn trickles(mut stream: DuplexStream, start: &str) -> Duration {
        stream.write_all(start.as_bytes()).await.unwrap();
        let begun = Instant::now();
        let (mut reading, mut writing) = tokio::io::split(stream);
        let mut told = Vec::new();
        let trickle = async {
            while writing.write_all(b"a").await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            _ = reading.read_to_end(&mut told) => {}
            () = trickle => {}
        }
        assert!(!told.starts_with(b"HTTP/1.1 200"), "{told:?}");
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_trickles_is_cut_off() {
        let tasks = Tasks::new();
        let took = trickles(connection(&tasks), "GET /large HTTP/1.1\r\nX: ").await;
        assert!(took < Duration::from_secs(12), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles_is_cut_off() {
        let tasks = Tasks::new();
        let start = "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n";
        let took = trickles(connection(&tasks), start).await;
        assert!(took < BODY_TIMEOUT + Duration::from_secs(2), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_read_byte_by_byte_is_cut_off() {
        let tasks = Tasks::new();
        let mut stream = connection(&tasks);
        let request = b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let begun = Instant::now();
        let mut byte = [0];
        while stream.read_exact(&mut byte).await.is_ok() {
            sleep(Duration::from_secs(1)).await;
        }
        // A thousand bytes were on their way when it was over.
        let took = begun.elapsed();
        assert!(took < Duration::from_mins(5 + 20), "{took:?}");
        assert!(tasks.shut_down(Duration::from_secs(1)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_served_after_a_body_in_chunks() {
        let tasks = Tasks::new();
        let mut stream = connection(&tasks);
        let chunked = "POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
                       3\r\nabc\r\n0\r\n\r\n";
        let twice = [chunked, chunked].concat();
        stream.write_all(twice.as_bytes()).await.unwrap();
        let mut told = String::new();
        stream.read_to_string(&mut told).await.unwrap();
        assert!(told.ends_with("\r\n\r\n3"), "{told}");
        assert_eq!(told.matches("HTTP/1.1").count(), 1, "{told}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_stops_reading_is_cut_off_and_a_slow_reader_is_not() {
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
