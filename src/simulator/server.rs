//! The phone's web server: HTTP/1.0 and 1.1 with small limits and without chunked requests, and on
//! demand the faults that a client must survive.
//!
//! It drives `hyper` itself: a strict phone sees the request as it was sent, before any router.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use handset_net::listener::{Listener, Slot};
use handset_net::tasks::Tasks;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use crate::accept;
use crate::device::Device;
use crate::request::{Request, Response};
use crate::state::{Direction, Exchange};
use crate::vendor_phone::VendorPhone;

/// Serves connections until `tasks` stop.
pub(crate) async fn serve(listener: Listener, device: Device, phone: VendorPhone, tasks: Tasks) {
    accept::run(listener, tasks, |stream, peer, slot| {
        connection(stream, peer, slot, device.clone(), phone.clone())
    })
    .await;
}

async fn connection(
    mut stream: TcpStream,
    peer: SocketAddr,
    slot: Arc<Slot>,
    device: Device,
    phone: VendorPhone,
) {
    let faults = device.options().faults.clone();
    if faults.hang {
        read_forever(&mut stream).await;
        return;
    }
    if faults.close || faults.garbage {
        let _ = timeout(HEADER_TIMEOUT, stream.read(&mut [0; 1024])).await;
        if faults.garbage {
            let _ = timeout(HEADER_TIMEOUT, stream.write_all(GARBAGE)).await;
        }
        return;
    }
    let service = service_fn(|request| {
        let (device, phone, slot) = (device.clone(), phone.clone(), Arc::clone(&slot));
        async move {
            slot.mark_active();
            let response = exchange(request, peer, &device, &phone).await;
            slot.mark_idle();
            Ok::<_, Infallible>(response)
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .title_case_headers(true)
        .half_close(true)
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
            refusal: Some(format!("not HTTP: {error}")),
        }),
        Err(error) => debug!(%peer, %error, "Connection failed."),
        Ok(()) => (),
    }
}

/// Reads without ever responding, until the peer closes the connection.
async fn read_forever(stream: &mut TcpStream) {
    let mut buffer = [0; 1024];
    while matches!(stream.read(&mut buffer).await, Ok(length) if length > 0) {}
}

/// Reads a request, lets the phone respond, and records both.
async fn exchange(
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
    device: &Device,
    phone: &VendorPhone,
) -> hyper::Response<Body> {
    let faults = &device.options().faults;
    sleep(faults.delay).await;
    device.until_released().await;
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
    let response = match read_body(&request, body).await {
        Err(response) => response,
        Ok(body) => {
            request.body = body;
            match faults.status {
                Some(status) => Response::empty(status).refusing("the fault `status` is set"),
                None => phone.respond(&request).await,
            }
        }
    };
    let encoded = encode(&response);
    device.record(Exchange {
        direction: Direction::Received,
        peer: peer.to_string(),
        method: request.method.clone(),
        target: request.target(),
        headers: request.headers,
        body: request.body,
        status: Some(response.status),
        response_headers: response.headers,
        response_body: response.body,
        refusal: response.refusal,
    });
    encoded
}

/// Reads a body whose length is declared in advance; phones take no other.
async fn read_body(request: &Request, body: Incoming) -> Result<Bytes, Response> {
    if request.header("transfer-encoding").is_some() {
        return Err(Response::empty(411).refusing("a chunked request"));
    }
    if request.method == "POST" && request.header("content-length").is_none() {
        return Err(Response::empty(411).refusing("a POST without Content-Length"));
    }
    match timeout(BODY_TIMEOUT, to_bytes(Body::new(body), MAX_BODY)).await {
        Err(_) => Err(Response::empty(408).refusing("timed out reading the body")),
        Ok(Err(error)) => {
            Err(Response::empty(413).refusing(format!("cannot read the body: {error}")))
        }
        Ok(Ok(body)) => Ok(body),
    }
}

fn encode(response: &Response) -> hyper::Response<Body> {
    let mut encoded = hyper::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        encoded = encoded.header(name, value);
    }
    encoded
        .body(Body::from(response.body.clone()))
        .unwrap_or_else(|error| {
            warn!(%error, "Cannot encode a response.");
            let mut broken = hyper::Response::new(Body::empty());
            *broken.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
            broken
        })
}

/// Maximum number of headers of a request.
const MAX_HEADERS: usize = 64;

/// Maximum size of a request's body in bytes.
const MAX_BODY: usize = 64 * 1024;

const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The response of a phone with the fault `garbage`.
const GARBAGE: &[u8] = b"\x00\xff\x1b[2Jthis is no HTTP\r\n\r\n";
