//! How a phone fetches what it is told to fetch: by GET, without redirects, proxies or patience.

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::redirect::Policy;
use url::Url;

use super::error::Error;
use super::state::{Direction, Exchange};

/// The phone's HTTP client. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Browser(reqwest::Client);

impl Browser {
    /// Builds a client that trusts nobody's advice where to go.
    pub(super) fn new() -> Result<Self, Error> {
        // Building panics without a provider; a second installation changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            .connect_timeout(CONNECT_DEADLINE)
            .timeout(DEADLINE)
            .redirect(Policy::none())
            .no_proxy()
            .http1_title_case_headers()
            .build()
            .map(Self)
            .map_err(Error::Client)
    }

    /// Makes one request; what came of it is in the exchange, also where nothing did.
    pub(super) async fn ask(&self, ask: Ask<'_>) -> (Exchange, Result<Fetched, Failure>) {
        let mut exchange = Exchange {
            direction: Direction::Fetched,
            peer: peer(ask.url),
            method: ask.method().to_owned(),
            target: ask.url.to_string(),
            headers: ask.headers.clone(),
            body: Bytes::copy_from_slice(ask.form.unwrap_or_default().as_bytes()),
            status: None,
            answer_headers: Vec::new(),
            answer: Bytes::new(),
            refused: None,
        };
        let fetched = self.fetch(&ask, &mut exchange).await;
        if let Err(failure) = &fetched {
            exchange.refused = Some(failure.to_string());
        }
        (exchange, fetched)
    }

    async fn fetch(&self, ask: &Ask<'_>, exchange: &mut Exchange) -> Result<Fetched, Failure> {
        if !matches!(ask.url.scheme(), "http" | "https") {
            return Err(Failure::Refused(format!("the scheme of {}", ask.url)));
        }
        let mut request = match ask.form {
            Some(form) => self.0.post(ask.url.clone()).body(form.to_owned()),
            None => self.0.get(ask.url.clone()),
        };
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        let unreachable = |error: reqwest::Error| Failure::Unreachable(chain(&error));
        let mut response = request.send().await.map_err(unreachable)?;
        exchange.status = Some(response.status().as_u16());
        exchange.answer_headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > ask.most {
                return Err(Failure::TooLong { most: ask.most });
            }
            body.extend_from_slice(&chunk);
        }
        exchange.answer = body.freeze();
        if exchange.status != Some(200) {
            return Err(Failure::Status(exchange.status.unwrap_or_default()));
        }
        Ok(Fetched {
            headers: exchange.answer_headers.clone(),
            body: exchange.answer.clone(),
        })
    }
}

/// One request of a phone.
#[derive(Clone, Debug)]
pub(super) struct Ask<'a> {
    pub(super) url: &'a Url,
    pub(super) headers: Vec<(String, String)>,
    /// The body of a POST; a GET if there is none.
    pub(super) form: Option<&'a str>,
    /// The most bytes that the phone takes.
    pub(super) most: usize,
}

impl<'a> Ask<'a> {
    /// Asks for `url` by GET.
    pub(super) fn get(url: &'a Url, headers: Vec<(String, String)>, most: usize) -> Self {
        Self {
            url,
            headers,
            form: None,
            most,
        }
    }

    fn method(&self) -> &'static str {
        if self.form.is_some() { "POST" } else { "GET" }
    }
}

/// What arrived with status 200.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl Fetched {
    /// Returns the first header with this lower-case name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name)?;
        Some(&found.1)
    }

    /// Returns the whole `Content-Type`.
    pub(super) fn content_type(&self) -> &str {
        self.header("content-type").unwrap_or_default()
    }
}

/// Why the phone has nothing to show for a request.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// What arrived is not what the phone takes.
    Refused(String),
    /// The server answered with another status than 200.
    Status(u16),
    /// It is longer than the phone takes.
    TooLong { most: usize },
    /// No connection, or no whole answer in time.
    Unreachable(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status {status}, and the phone takes only 200"),
            Self::TooLong { most } => write!(f, "more than the {most} bytes that the phone takes"),
            Self::Refused(reason) | Self::Unreachable(reason) => f.write_str(reason),
        }
    }
}

/// Returns an error with its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn peer(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    format!("{host}:{}", url.port_or_known_default().unwrap_or_default())
}

/// How long a phone tries to connect.
const CONNECT_DEADLINE: Duration = Duration::from_secs(3);

/// How long a phone waits for a whole answer.
const DEADLINE: Duration = Duration::from_secs(10);
