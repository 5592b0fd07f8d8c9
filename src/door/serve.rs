//! One connection, served until either side ends it.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
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
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::debug;

use super::body::Timely;
use super::patient::Patient;
use super::places::Place;

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
/// When `stop` is cancelled, it ends after the request that is in hand; when `place` is wanted for
/// another before anything was asked, at once.
pub fn serve<S>(
    stream: S,
    (peer, place): (SocketAddr, Place),
    router: Router,
    manners: Manners,
    stop: CancellationToken,
) -> impl Future<Output = ()> + Send
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(manners.head)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_BUFFER)
        .title_case_headers(manners.title_case);
    let place = Arc::new(place);
    let own = Arc::clone(&place);
    let service = service_fn(move |request| {
        own.asked();
        answer(router.clone(), peer, request)
    });
    let stream = TokioIo::new(Patient::new(stream));
    async move {
        let connection = builder.serve_connection(stream, service);
        tokio::pin!(connection);
        let served = async {
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = place.wanted() => {
                    debug!(door = manners.door, %peer, "Sent away, having asked for nothing.");
                    Ok(())
                }
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

async fn answer(
    router: Router,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Response, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    let in_chunks = request.headers().contains_key(TRANSFER_ENCODING);
    let request = request.map(|body| Body::new(Timely::new(body, BODY)));
    let mut response = router.oneshot(request).await?;
    if in_chunks {
        // Somebody in between may have another opinion of where the body ends; what comes after it
        // is nobody's request then.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    Ok(response)
}

/// How long the body of a request may take, if nobody wants it earlier.
const BODY: Duration = Duration::from_secs(15);

/// The longest head of a request, and the most of an answer that is held.
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
    use crate::door::places::Places;
    use crate::shutdown::Tasks;

    /// Opens a connection that holds no more than a little of what is on its way.
    fn connection(tasks: &Tasks) -> DuplexStream {
        let (near, far) = duplex(1024);
        let router = Router::new()
            .route("/large", get(async || vec![b'a'; 1 << 20]))
            .route("/length", post(async |body: Bytes| body.len().to_string()));
        let manners = Manners {
            door: "test",
            head: Duration::from_secs(10),
            life: Some(Duration::from_mins(5)),
            title_case: false,
        };
        let peer = SocketAddr::from(([192, 0, 2, 1], 5));
        let places = Places::new(1, 1);
        let room = places.room().now_or_never().unwrap();
        let place = places.give(room, peer.ip()).unwrap();
        let serving = serve(far, (peer, place), router, manners, tasks.stop());
        tasks.spawn("door", serving);
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
        assert!(took < BODY + Duration::from_secs(2), "{took:?}");
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
}
