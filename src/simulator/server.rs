//! The phone's web server: HTTP/1.0 and 1.1, small limits, no chunked requests, and on demand
//! the faults that a test wants to see survived.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use handset_net::tasks::Tasks;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use crate::device::Device;
use crate::phone::VendorPhone;
use crate::request::{Request, Response};
use crate::state::{Direction, Exchange};

/// Serves connections until everything stops.
pub(crate) async fn serve(listener: TcpListener, device: Device, phone: VendorPhone, tasks: Tasks) {
    let stop = tasks.stop();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (listener.accept().await, place)
            } => accepted,
        };
        let (accepted, place) = accepted;
        match accepted {
            Ok((stream, peer)) => {
                let (device, phone, stop) = (device.clone(), phone.clone(), stop.clone());
                tasks.spawn("connection", async move {
                    tokio::select! {
                        () = stop.cancelled() => (),
                        () = connection(stream, peer, device, phone) => (),
                    }
                    drop(place);
                });
            }
            Err(error) => {
                warn!(%error, "Could not accept a connection.");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(mut stream: TcpStream, peer: SocketAddr, device: Device, phone: VendorPhone) {
    let faults = device.options().faults.clone();
    if faults.hang {
        swallow(&mut stream).await;
        return;
    }
    if faults.close || faults.garbage {
        let _ = timeout(HEADER_DEADLINE, stream.read(&mut [0; 1024])).await;
        if faults.garbage {
            let _ = timeout(HEADER_DEADLINE, stream.write_all(GARBAGE)).await;
        }
        return;
    }
    let service = service_fn(|request| {
        let (device, phone) = (device.clone(), phone.clone());
        async move { Ok::<_, Infallible>(exchange(request, peer, &device, &phone).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_headers(MAX_HEADERS)
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    match served {
        Err(error) if error.is_parse() => device.record(Exchange {
            direction: Direction::Received,
            peer: peer.to_string(),
            method: String::new(),
            target: String::new(),
            headers: Vec::new(),
            body: Bytes::new(),
            status: None,
            response_headers: Vec::new(),
            response_body: Bytes::new(),
            refusal: Some(format!("no HTTP: {error}")),
        }),
        Err(error) => debug!(%peer, %error, "A connection broke."),
        Ok(()) => (),
    }
}

/// Reads without ever answering, until the other side gives up.
async fn swallow(stream: &mut TcpStream) {
    let mut buffer = [0; 1024];
    while matches!(stream.read(&mut buffer).await, Ok(length) if length > 0) {}
}

/// Reads a request, lets the phone answer it, and logs both.
async fn exchange(
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
    device: &Device,
    phone: &VendorPhone,
) -> hyper::Response<Body> {
    let faults = &device.options().faults;
    sleep(faults.delay).await;
    let (parts, body) = request.into_parts();
    let mut request = Request {
        peer,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(ToOwned::to_owned),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
        body: Bytes::new(),
    };
    let answer = match received(&request, body).await {
        Err(answer) => answer,
        Ok(body) => {
            request.body = body;
            match faults.status {
                Some(status) => Response::empty(status).refusing("set to answer so"),
                None => phone.answer(&request).await,
            }
        }
    };
    let response = response(&answer);
    device.record(Exchange {
        direction: Direction::Received,
        peer: peer.to_string(),
        method: request.method.clone(),
        target: request.target(),
        headers: request.headers,
        body: request.body,
        status: Some(answer.status),
        response_headers: answer.headers,
        response_body: answer.body,
        refusal: answer.refusal,
    });
    response
}

/// Reads the body as a phone does: of a length that is told beforehand.
async fn received(request: &Request, body: Incoming) -> Result<Bytes, Response> {
    if request.header("transfer-encoding").is_some() {
        return Err(Response::empty(411).refusing("a chunked request"));
    }
    if request.method == "POST" && request.header("content-length").is_none() {
        return Err(Response::empty(411).refusing("a POST without Content-Length"));
    }
    match timeout(BODY_DEADLINE, to_bytes(Body::new(body), MAX_BODY)).await {
        Err(_) => Err(Response::empty(408).refusing("a body that did not arrive in time")),
        Ok(Err(error)) => {
            Err(Response::empty(413).refusing(format!("a body that can't be read: {error}")))
        }
        Ok(Ok(body)) => Ok(body),
    }
}

fn response(answer: &Response) -> hyper::Response<Body> {
    let mut response = hyper::Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response
        .body(Body::from(answer.body.clone()))
        .unwrap_or_else(|error| {
            warn!(%error, "Could not form an answer.");
            let mut broken = hyper::Response::new(Body::empty());
            *broken.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
            broken
        })
}

/// The most connections at a time; more wait.
const MAX_CONNECTIONS: usize = 64;

/// The most headers of a request.
const MAX_HEADERS: usize = 64;

/// The most bytes of a request's body.
const MAX_BODY: usize = 64 * 1024;

/// How long the headers of a request may take.
const HEADER_DEADLINE: Duration = Duration::from_secs(10);

/// How long the body of a request may take.
const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// How long to wait after a failed accept, so that a lack of file descriptors is no busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a broken phone says.
const GARBAGE: &[u8] = b"\x00\xff\x1b[2Jthis is no HTTP\r\n\r\n";
