//! One request to a phone over a separate connection, sent by `reqwest`.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use handset_net::expiring::ExpiringMap;
use handset_net::pin::{Pin, WrongPin};
use handset_phones::phone::{Address, Phone};
use handset_phones::vendor::{Method, Reply, Request};
use parking_lot::Mutex;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION,
    USER_AGENT,
};
use reqwest::redirect::Policy;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::Instant;
use tower::layer::layer_fn;
use url::{Position, Url};

use super::connect::{Attempt, committing};
use super::error::Error;
use crate::commit_point::{CommitPoint, NotCommitted};
use crate::deliver::contactable::Contactable;
use crate::deliver::failure::root_cause;
use crate::deliver::look_up::PhoneNames;

/// The HTTP clients: one for phones without TLS, and one for each pinned certificate.
pub(super) struct Clients {
    plain: reqwest::Client,
    pinned: Mutex<ExpiringMap<Pin, reqwest::Client>>,
}

impl Default for Clients {
    fn default() -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        // Never used: no request without a pin has an https URL.
        let no_tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring supports the protocol versions that are built in")
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        Self {
            plain: client(no_tls),
            pinned: Mutex::new(ExpiringMap::new(MAX_PINS)),
        }
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").finish_non_exhaustive()
    }
}

impl Clients {
    /// Sends a message and returns the reply with all its headers. Commits once the phone has
    /// accepted the connection; the reply must be complete by `until`, or it is cut there.
    pub(super) async fn send(
        &self,
        phone: &Contactable<'_>,
        message: &Message<'_>,
        authorization: Option<String>,
        until: Instant,
        commit_point: &CommitPoint,
    ) -> Result<(Reply, HeaderMap), Error> {
        let (client, request) = (self.client(phone.pin), message.request(authorization)?);
        let attempt = Attempt::new(commit_point.clone(), until);
        let context = Context { phone, attempt };
        let sent = context.attempt.run(client.execute(request)).await;
        let response = sent
            .ok_or_else(|| context.timed_out())?
            .map_err(|error| context.failure(&error))?;
        let path = message.url.path();
        tracing::debug!(
            path,
            status = response.status().as_u16(),
            "The phone replied."
        );
        context.read(response).await
    }

    /// Returns the client for phones with this certificate.
    fn client(&self, pin: Option<Pin>) -> reqwest::Client {
        let Some(pin) = pin else {
            return self.plain.clone();
        };
        let (mut pinned, now) = (self.pinned.lock(), Instant::now());
        if let Some(client) = pinned.get(&pin, now) {
            return client.clone();
        }
        let client = client(pin.client_config());
        pinned.insert(pin, client.clone(), CLIENT_LIFETIME, now);
        client
    }
}

/// Builds a client that takes replies as phones write them.
///
/// The head of a reply is limited by hyper to 408 KiB and 100 fields. The kernel gives up a
/// connection whose data is not acknowledged for 30 s (`TCP_USER_TIMEOUT`, `reqwest`'s default),
/// so the connection of an abandoned request ends as well, whatever the phone does.
fn client(tls: ClientConfig) -> reqwest::Client {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .http1_title_case_headers()
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_ignore_invalid_headers_in_responses(true)
        .no_proxy()
        .dns_resolver(Arc::new(PhoneNames))
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .pool_max_idle_per_host(0)
        // Each request has a time limit, and no connection is kept, so nothing has to be kept alive.
        .tcp_keepalive(None)
        .tcp_keepalive_interval(None)
        .tcp_keepalive_retries(None)
        .connector_layer(layer_fn(committing))
        .build()
        .expect("a client with a ready TLS configuration can be built")
}

/// A request as it is sent, but for its credentials.
#[derive(Debug)]
pub(super) struct Message<'a> {
    request: &'a Request,
    address: &'a Address,
    url: Url,
}

impl<'a> Message<'a> {
    /// Writes a request for the server at `address`.
    pub(super) fn new(
        phone: &Phone,
        address: &'a Address,
        request: &'a Request,
    ) -> Result<Self, Error> {
        let url = url(phone.pin.is_some(), address, &request.target)?;
        if !is_unchanged(&request.target, target(&url)) {
            let why = format!("its target would become {}", url.path());
            return Err(unwritable(why));
        }
        Ok(Self {
            request,
            address,
            url,
        })
    }

    /// Returns the method as it is sent.
    pub(super) fn method(&self) -> &'static str {
        match self.request.method {
            Method::Get => "GET",
            Method::Post => "POST",
        }
    }

    /// Returns path and query as they are sent.
    pub(super) fn target(&self) -> &str {
        target(&self.url)
    }

    fn request(&self, authorization: Option<String>) -> Result<reqwest::Request, Error> {
        let method = match self.request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut request = reqwest::Request::new(method, self.url.clone());
        let headers = request.headers_mut();
        let host = HeaderValue::try_from(self.address.authority()).map_err(unwritable)?;
        headers.insert(HOST, host);
        headers.insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        for (name, value) in &self.request.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(unwritable)?;
            headers.append(name, HeaderValue::from_str(value).map_err(unwritable)?);
        }
        if let Some(authorization) = authorization {
            let mut value = HeaderValue::from_str(&authorization).map_err(|_| {
                Error::NotSent("the user name has characters that no header may have".to_owned())
            })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        *request.body_mut() = Some(self.request.body.clone().into());
        Ok(request)
    }
}

/// Returns the URL of `target` at the server at `address`.
fn url(is_secure: bool, address: &Address, target: &str) -> Result<Url, Error> {
    /// To be changed rather than parsed, which takes four times as long.
    static PLAIN: LazyLock<Option<Url>> = LazyLock::new(|| Url::parse("http://0.0.0.0").ok());
    if let (false, Some(ip), Some(plain)) = (is_secure, address.ip(), PLAIN.as_ref()) {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let mut url = plain.clone();
        let is_set = url.set_ip_host(ip).is_ok() && url.set_port(address.port).is_ok();
        url.set_path(path);
        url.set_query(query);
        if is_set {
            return Ok(url);
        }
    }
    let scheme = if is_secure { "https" } else { "http" };
    let authority = address.authority();
    Url::parse(&format!("{scheme}://{authority}{target}")).map_err(unwritable)
}

fn target(url: &Url) -> &str {
    &url[Position::BeforePath..Position::AfterQuery]
}

/// Returns whether a target is sent as the vendor's backend wrote it. An apostrophe in a query is
/// always sent as `%27`, which means the same.
fn is_unchanged(target: &str, sent: &str) -> bool {
    if sent == target {
        return true;
    }
    match target.split_once('?') {
        Some((path, query)) => sent == format!("{path}?{}", query.replace('\'', "%27")),
        None => false,
    }
}

fn unwritable(why: impl fmt::Display) -> Error {
    Error::NotSent(format!("the request cannot be written: {why}"))
}

/// The phone and the attempt that errors are about.
struct Context<'a> {
    phone: &'a Phone,
    attempt: Arc<Attempt>,
}

impl Context<'_> {
    /// Reads a reply to its end, to the limit, or to where it breaks off.
    async fn read(&self, mut response: reqwest::Response) -> Result<(Reply, HeaderMap), Error> {
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while body.len() < MAX_BODY {
            let failure = match self.attempt.run(response.chunk()).await {
                Some(Ok(None)) => break,
                Some(Ok(Some(chunk))) => {
                    body.extend_from_slice(&chunk);
                    continue;
                }
                Some(Err(error)) => self.failure(&error),
                None => self.timed_out(),
            };
            // The status has arrived, and some phones end their replies badly.
            if !body.is_empty() || !matches!(status, 200..=299) {
                break;
            }
            return Err(failure);
        }
        body.truncate(MAX_BODY);
        let headers = std::mem::take(response.headers_mut());
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

    fn failure(&self, error: &reqwest::Error) -> Error {
        let address = &self.phone.address;
        let cause = root_cause(error);
        if !self.attempt.is_committed() {
            return self.not_connected(error, cause);
        }
        // The kernel has given up.
        if find::<io::Error>(error).is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            return self.timed_out();
        }
        Error::Interrupted(format!("{address} took the request and broke off: {cause}"))
    }

    fn not_connected(&self, error: &reqwest::Error, cause: String) -> Error {
        let Phone { address, pin, .. } = self.phone;
        if let Some(not_committed) = find::<NotCommitted>(error) {
            return Error::NotSent(not_committed.to_string());
        }
        if let Some(wrong) = WrongPin::among(error) {
            return Error::NotSent(format!(
                "{address} is not the phone that tls.pin of its [[phone]] names: {wrong}"
            ));
        }
        if !error.is_connect() {
            return unwritable(cause);
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
fn find<E: StdError + 'static>(error: &reqwest::Error) -> Option<&E> {
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

/// How many pinned certificates have a client at once.
const MAX_PINS: usize = 20_000;

/// How long a client is reused; creating one is cheap.
const CLIENT_LIFETIME: Duration = Duration::from_hours(24);
