//! One request to a phone over a connection of its own, which ends with it.
//!
//! The connection is driven within the future of the request, by `hyper`: no other task has to be woken,
//! and dropping the future closes the connection. The delivery is committed between connecting and
//! sending: not earlier, since a phone that is away is tried again and again, and not later, since a crash
//! must not send anything twice.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::pin::{Pin, pin};

use futures_util::FutureExt;
use futures_util::future::FusedFuture;
use handset_net::pin::WrongPin;
use handset_phones::phone::{Address, Phone};
use handset_phones::vendor::{Method, Reply, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION,
    USER_AGENT,
};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout_at};
use url::{Position, Url};

use super::connect::Connector;
use super::error::Error;
use crate::commit_point::CommitPoint;
use crate::deliver::contactable::Contactable;
use crate::deliver::failure::root_cause;

/// Sends a message and returns the reply with all its headers. Commits once the phone has accepted the
/// connection; the reply must be complete by `until`, or it is cut there. The time that the commit takes to
/// persist is not the phone's.
pub(super) async fn send(
    connector: &Connector,
    phone: &Contactable,
    message: &Message,
    authorization: Option<String>,
    (until, commit_point): (Instant, &CommitPoint),
) -> Result<(Reply, HeaderMap), Error> {
    let request = message.request(authorization)?;
    let context = Context { phone, until };
    let connecting = connector.connect(message.server(), phone.pin, until);
    let stream = connecting
        .await
        .map_err(|error| context.not_connected(&error))?;
    let committed = commit_point.commit().await;
    committed.map_err(|error| Error::NotSent(error.to_string()))?;
    let (mut sender, connection) = builder()
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| context.failure(&error))?;
    let mut connection = pin!(connection.map(drop).fuse());
    let sent = context.drive(connection.as_mut(), sender.send_request(request));
    let response = sent
        .await
        .ok_or_else(|| context.timed_out())?
        .map_err(|error| context.failure(&error))?;
    let path = message.url.path();
    tracing::debug!(
        path,
        status = response.status().as_u16(),
        "The phone replied."
    );
    context.read(connection, response).await
}

/// Creates connections that take replies as phones write them. The head of a reply is limited by hyper to
/// 408 KiB and 100 fields.
fn builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .title_case_headers(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true);
    builder
}

/// A request as it is sent, but for its credentials.
#[derive(Debug)]
pub(super) struct Message {
    method: hyper::Method,
    url: Url,
    host: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Message {
    /// Writes a request for the server at `address`.
    pub(super) fn new(phone: &Phone, address: &Address, request: &Request) -> Result<Self, Error> {
        let scheme = if phone.pin.is_some() { "https" } else { "http" };
        let authority = address.authority();
        let url = format!("{scheme}://{authority}{}", request.target);
        let url = Url::parse(&url).map_err(unwritable)?;
        if !is_unchanged(&request.target, target(&url)) {
            let why = format!("its target would become {}", url.path());
            return Err(unwritable(why));
        }
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(&authority).map_err(unwritable)?);
        headers.insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        for (name, value) in &request.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(unwritable)?;
            headers.append(name, HeaderValue::from_str(value).map_err(unwritable)?);
        }
        Ok(Self {
            method: match request.method {
                Method::Get => hyper::Method::GET,
                Method::Post => hyper::Method::POST,
            },
            url,
            host: address.host.clone(),
            headers,
            body: request.body.clone(),
        })
    }

    /// Returns the method as it is sent.
    pub(super) fn method(&self) -> &str {
        self.method.as_str()
    }

    /// Returns path and query as they are sent.
    pub(super) fn target(&self) -> &str {
        target(&self.url)
    }

    /// Returns host and port of the server.
    fn server(&self) -> (&str, u16) {
        let default = if self.url.scheme() == "https" {
            443
        } else {
            80
        };
        (&self.host, self.url.port().unwrap_or(default))
    }

    fn request(&self, authorization: Option<String>) -> Result<hyper::Request<Full<Bytes>>, Error> {
        let mut headers = self.headers.clone();
        if let Some(authorization) = authorization {
            let mut value = HeaderValue::from_str(&authorization).map_err(|_| {
                Error::NotSent("the user name has characters that no header may have".to_owned())
            })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let mut request = hyper::Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.target().parse().map_err(unwritable)?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

fn target(url: &Url) -> &str {
    &url[Position::BeforePath..Position::AfterQuery]
}

/// Returns whether a target is sent as the vendor's backend wrote it. An apostrophe in a query is
/// always sent as `%27`, which means the same.
fn is_unchanged(target: &str, sent: &str) -> bool {
    match target.split_once('?') {
        Some((path, query)) => sent == format!("{path}?{}", query.replace('\'', "%27")),
        None => sent == target,
    }
}

fn unwritable(why: impl fmt::Display) -> Error {
    Error::NotSent(format!("the request cannot be written: {why}"))
}

/// The phone that errors are about, and how long it may take.
struct Context<'a> {
    phone: &'a Phone,
    until: Instant,
}

impl Context<'_> {
    /// Awaits a part of an exchange while driving its connection; `None` if time ran out.
    async fn drive<T>(
        &self,
        mut connection: Pin<&mut impl FusedFuture>,
        part: impl Future<Output = T>,
    ) -> Option<T> {
        let mut part = pin!(part);
        let driven = async {
            loop {
                tokio::select! {
                    biased;
                    result = part.as_mut() => return result,
                    // A connection that has ended may have received the rest before.
                    _ = connection.as_mut(), if !connection.is_terminated() => {}
                }
            }
        };
        timeout_at(self.until, driven).await.ok()
    }

    /// Reads a reply to its end, to the limit, or to where it breaks off.
    async fn read(
        &self,
        mut connection: Pin<&mut impl FusedFuture>,
        response: hyper::Response<Incoming>,
    ) -> Result<(Reply, HeaderMap), Error> {
        let (head, mut incoming) = response.into_parts();
        let status = head.status.as_u16();
        let mut body = Vec::new();
        while body.len() < MAX_BODY {
            let failure = match self.drive(connection.as_mut(), incoming.frame()).await {
                Some(None) => break,
                Some(Some(Ok(frame))) => {
                    body.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
                    continue;
                }
                Some(Some(Err(error))) => self.failure(&error),
                None => self.timed_out(),
            };
            // The status has arrived, and some phones end their replies badly.
            if !body.is_empty() || !matches!(status, 200..=299) {
                break;
            }
            return Err(failure);
        }
        body.truncate(MAX_BODY);
        let headers = head.headers;
        let header = |name| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.map(ToOwned::to_owned)
        };
        let reply = Reply {
            status,
            content_type: header(CONTENT_TYPE).unwrap_or_default(),
            location: header(LOCATION),
            body: body.into(),
        };
        Ok((reply, headers))
    }

    fn timed_out(&self) -> Error {
        let address = &self.phone.address;
        Error::TimedOut(format!(
            "{address} took the request and did not answer in time"
        ))
    }

    fn failure(&self, error: &hyper::Error) -> Error {
        // The kernel has given up.
        if find::<io::Error>(error).is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            return self.timed_out();
        }
        let (address, cause) = (&self.phone.address, root_cause(error));
        Error::Interrupted(format!("{address} took the request and broke off: {cause}"))
    }

    fn not_connected(&self, error: &io::Error) -> Error {
        let Phone { address, pin, .. } = self.phone;
        let cause = root_cause(error);
        if let Some(wrong) = WrongPin::among(error) {
            return Error::NotSent(format!(
                "{address} is not the phone that tls.pin of its [[phone]] names: {wrong}"
            ));
        }
        let hint = match pin {
            // All that the 7900 series speaks is TLS 1.0.
            Some(_) if cause.contains("ProtocolVersion") => {
                "; it supports neither TLS 1.2 nor 1.3, so leave tls out"
            }
            None if matches!(address.port, None | Some(80)) && cause.contains("refused") => {
                "; if it accepts https only, add tls = { pin = \"sha256:…\" } to its [[phone]]"
            }
            _ => "",
        };
        Error::ConnectFailed(format!("cannot connect to {address}: {cause}{hint}"))
    }
}

/// Finds an error of one type among the causes of another.
fn find<E: StdError + 'static>(error: &hyper::Error) -> Option<&E> {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

const PRODUCT: &str = concat!("handsetd/", env!("CARGO_PKG_VERSION"));

/// How much of a reply is read, in bytes: enough for the picture of the largest screen (1280x720 in
/// 24 bits); some phones never end one.
pub(super) const MAX_BODY: usize = 4 << 20;
