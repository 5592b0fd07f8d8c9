//! One connection to a phone, for one request.
//!
//! Connecting and sending are two steps here, which no client of a higher level tells apart: a
//! delivery is noted as sent when the phone has taken the connection, and not before, since a phone
//! that is away is tried again and again.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION,
    USER_AGENT,
};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use super::{Client, Failure, root_cause};
use crate::commit_point::CommitPoint;
use handset_net::pin::{Pin, WrongPin};
use handset_phones::phone::{Address, Phone};
use handset_phones::vendor::{Method, Reply, Request};

/// Connects to phones.
#[derive(Default)]
pub(super) struct Connector {
    /// What knows a certificate, by its pin.
    tls: Mutex<HashMap<Pin, TlsConnector>>,
}

/// An answer, and all of its headers.
pub(super) type Answer = (Reply, HeaderMap);

/// A connection, with TLS or without.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Connector {
    /// Sends `request` and returns the answer, which must be there by `until`; `commit_point` is asked
    /// when the phone has taken the connection.
    pub(super) async fn once(
        &self,
        phone: &Phone,
        request: &Request,
        authorization: Option<String>,
        until: Instant,
        commit_point: &CommitPoint,
    ) -> Result<Answer, Failure> {
        let address = Client::address(phone, request);
        let message = message(&address, request, authorization)?;
        let connecting = self.connect(phone, &address);
        let connected = timeout_at(until.min(Instant::now() + CONNECT), connecting).await;
        let stream = connected
            .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time")))
            .map_err(|error| not_connected(phone, &error))?;
        let begun = commit_point.commit().await;
        begun.map_err(|halt| Failure::NotSent(halt.to_string()))?;
        let target = request.target.split('?').next().unwrap_or_default();
        exchange(phone, target, stream, message, until).await
    }

    async fn connect(&self, phone: &Phone, address: &Address) -> io::Result<Box<dyn Stream>> {
        let usual = if phone.pin.is_some() { HTTPS } else { HTTP };
        let port = address.port.unwrap_or(usual);
        let stream = TcpStream::connect((address.host.as_str(), port)).await?;
        stream.set_nodelay(true)?;
        let Some(pin) = phone.pin else {
            return Ok(Box::new(stream));
        };
        let name = ServerName::try_from(address.host.clone()).map_err(io::Error::other)?;
        let stream = self.tls(pin).connect(name, stream).await?;
        Ok(Box::new(stream))
    }

    /// Returns what connects to phones with this certificate.
    fn tls(&self, pin: Pin) -> TlsConnector {
        let mut known = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_PINS {
            known.clear();
        }
        let made = || TlsConnector::from(Arc::new(pin.client_config()));
        known.entry(pin).or_insert_with(made).clone()
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

/// Makes the message of a request.
fn message(
    address: &Address,
    request: &Request,
    authorization: Option<String>,
) -> Result<hyper::Request<Full<Bytes>>, Failure> {
    let method = match request.method {
        Method::Get => hyper::Method::GET,
        Method::Post => hyper::Method::POST,
    };
    let mut builder = hyper::Request::builder()
        .method(method)
        .uri(&request.target)
        .header(HOST, address.authority())
        .header(USER_AGENT, OURSELVES)
        .header(ACCEPT, "*/*");
    for (name, value) in &request.headers {
        builder = builder.header(HeaderName::from_bytes(name.as_bytes()).map_err(odd)?, value);
    }
    if let Some(authorization) = authorization {
        let value = HeaderValue::from_str(&authorization);
        let mut value = value
            .map_err(|_| Failure::NotSent("the user name can't stand in a header".to_owned()))?;
        value.set_sensitive(true);
        builder = builder.header(AUTHORIZATION, value);
    }
    builder.body(Full::new(request.body.clone())).map_err(odd)
}

fn odd(error: impl std::error::Error) -> Failure {
    Failure::NotSent(format!("the request can't be written: {error}"))
}

/// Sends a message on a new connection, and reads the answer to its end or to its limit.
async fn exchange(
    phone: &Phone,
    target: &str,
    stream: Box<dyn Stream>,
    message: hyper::Request<Full<Bytes>>,
    until: Instant,
) -> Result<Answer, Failure> {
    let broken = |error: &dyn std::error::Error| {
        let (address, cause) = (&phone.address, root_cause(error));
        Failure::NoAnswer(format!("{address} took the request and broke off: {cause}"))
    };
    let mut builder = http1::Builder::new();
    builder
        .title_case_headers(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .max_buf_size(MAX_HEAD);
    let shaken = builder.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|error| broken(&error))?;
    let exchange = async {
        let late = || {
            let address = &phone.address;
            Failure::Silent(format!(
                "{address} took the request and did not answer in time"
            ))
        };
        let response = match timeout_at(until, sender.send_request(message)).await {
            Ok(response) => response.map_err(|error| broken(&error))?,
            Err(_) => return Err(late()),
        };
        let (head, mut stream) = response.into_parts();
        let status = head.status.as_u16();
        let mut body = Vec::new();
        while body.len() < MAX_BODY {
            let failure = match timeout_at(until, stream.frame()).await {
                Ok(None) => break,
                Ok(Some(Ok(frame))) => {
                    // Trailers say nothing to us.
                    body.extend_from_slice(&frame.into_data().unwrap_or_default());
                    continue;
                }
                Ok(Some(Err(error))) => broken(&error),
                Err(_) => late(),
            };
            // The status is there, and some phones end their answers badly.
            if !body.is_empty() || !matches!(status, 200..=299) {
                break;
            }
            return Err(failure);
        }
        body.truncate(MAX_BODY);
        tracing::debug!(target, status, "The phone answered.");
        let header = |name| {
            let value = head.headers.get(name).and_then(|value| value.to_str().ok());
            value.map(ToOwned::to_owned)
        };
        let reply = Reply {
            status,
            content_type: header(CONTENT_TYPE).unwrap_or_default(),
            location: header(LOCATION),
            body: body.into(),
        };
        Ok((reply, head.headers))
    };
    tokio::pin!(exchange);
    tokio::select! {
        biased;
        answer = &mut exchange => return answer,
        // What it has read is still to be had.
        _ = connection => {}
    }
    exchange.await
}

fn not_connected(phone: &Phone, error: &io::Error) -> Failure {
    let address = &phone.address;
    if let Some(wrong) = WrongPin::among(error) {
        return Failure::NotSent(format!(
            "{address} is not the phone that tls.pin of its [[phone]] names: {wrong}"
        ));
    }
    let cause = match (phone.pin, root_cause(error)) {
        // All that the 7900 series speaks is TLS 1.0.
        (Some(_), cause) if cause.contains("ProtocolVersion") => {
            format!("{cause}; it speaks no TLS 1.2 or 1.3, so leave tls out")
        }
        (_, cause) => cause,
    };
    Failure::Away(format!("cannot connect to {address}: {cause}"))
}

/// What we call ourselves.
const OURSELVES: &str = concat!("handsetd/", env!("CARGO_PKG_VERSION"));

const HTTP: u16 = 80;
const HTTPS: u16 = 443;

/// How long a phone may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(3);

/// The most of an answer that is read: enough for the picture of the largest screen (1280x720 in 24
/// bits); some phones never end one.
pub(super) const MAX_BODY: usize = 4 << 20;

/// The most that the head of an answer may take, in bytes.
const MAX_HEAD: usize = 64 << 10;

/// How many certificates are known at once.
const MAX_PINS: usize = 20_000;
