//! The phone's HTTP client: no redirects, no proxy, short timeouts. It connects from the phone's own
//! address, as real phones do: servers identify a phone by it.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::redirect::Policy;
use url::{Host, Url};

use crate::error::Error;
use crate::state::{Direction, Exchange};

/// The phone's HTTP client. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct HttpClient {
    /// Connects from the phone's own address.
    own: reqwest::Client,
    /// Connects from the address that the kernel selects.
    any: reqwest::Client,
    address: IpAddr,
}

impl HttpClient {
    /// Builds a client for a phone at `address` that follows no redirects and uses no proxy.
    pub(crate) fn new(address: IpAddr) -> Result<Self, Error> {
        // Building panics without a provider. Installing one again has no effect.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let build = |from: Option<IpAddr>| {
            reqwest::Client::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(RESPONSE_TIMEOUT)
                .redirect(Policy::none())
                .no_proxy()
                .http1_title_case_headers()
                .local_address(from)
        };
        // Without certificate authorities on this machine, it can verify no server over https.
        let build = |from| {
            let built = build(from).build();
            built
                .or_else(|_| build(from).tls_certs_only([]).build())
                .map_err(Error::Client)
        };
        let own = (!address.is_unspecified()).then_some(address);
        Ok(Self {
            own: build(own)?,
            any: build(None)?,
            address,
        })
    }

    /// Returns the client for a server. A loopback address reaches no other host.
    fn client(&self, url: &Url) -> &reqwest::Client {
        let is_loopback = match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if self.address.is_loopback() && !is_loopback {
            &self.any
        } else {
            &self.own
        }
    }

    /// Sends a request. The exchange describes the outcome, also in case of failure.
    pub(crate) async fn send(&self, fetch: Fetch<'_>) -> (Exchange, Result<Resource, FetchError>) {
        let mut exchange = Exchange {
            direction: Direction::Fetched,
            peer: peer(fetch.url),
            method: fetch.method().to_owned(),
            target: fetch.url.to_string(),
            headers: fetch.headers.clone(),
            body: Bytes::copy_from_slice(fetch.form.unwrap_or_default().as_bytes()),
            status: None,
            response_headers: Vec::new(),
            response_body: Bytes::new(),
            refusal: None,
        };
        let resource = self.receive(&fetch, &mut exchange).await;
        if let Err(error) = &resource {
            exchange.refusal = Some(error.to_string());
        }
        (exchange, resource)
    }

    async fn receive(
        &self,
        fetch: &Fetch<'_>,
        exchange: &mut Exchange,
    ) -> Result<Resource, FetchError> {
        if !matches!(fetch.url.scheme(), "http" | "https") {
            return Err(FetchError::Rejected(format!(
                "unsupported scheme in {}",
                fetch.url
            )));
        }
        let client = self.client(fetch.url);
        let mut request = match fetch.form {
            Some(form) => client.post(fetch.url.clone()).body(form.to_owned()),
            None => client.get(fetch.url.clone()),
        };
        for (name, value) in &fetch.headers {
            request = request.header(name, value);
        }
        let unreachable = |error: reqwest::Error| FetchError::Unreachable(chain(&error));
        let mut response = request.send().await.map_err(unreachable)?;
        exchange.status = Some(response.status().as_u16());
        exchange.response_headers = response
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
            if body.len() + chunk.len() > fetch.max_bytes {
                return Err(FetchError::TooLong {
                    max_bytes: fetch.max_bytes,
                });
            }
            body.extend_from_slice(&chunk);
        }
        exchange.response_body = body.freeze();
        if exchange.status != Some(200) {
            return Err(FetchError::Status(exchange.status.unwrap_or_default()));
        }
        Ok(Resource {
            headers: exchange.response_headers.clone(),
            body: exchange.response_body.clone(),
        })
    }
}

/// A request of a phone.
#[derive(Clone, Debug)]
pub(crate) struct Fetch<'a> {
    pub(crate) url: &'a Url,
    pub(crate) headers: Vec<(String, String)>,
    /// Body of a POST; `None` is a GET.
    pub(crate) form: Option<&'a str>,
    /// Maximum size of the response's body in bytes.
    pub(crate) max_bytes: usize,
}

impl<'a> Fetch<'a> {
    /// Requests `url` by GET.
    pub(crate) fn get(url: &'a Url, headers: Vec<(String, String)>, max_bytes: usize) -> Self {
        Self {
            url,
            headers,
            form: None,
            max_bytes,
        }
    }

    fn method(&self) -> &'static str {
        if self.form.is_some() { "POST" } else { "GET" }
    }
}

/// A response with status 200.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Resource {
    /// Returns the first header with this lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name)?;
        Some(&found.1)
    }

    /// Returns the `Content-Type` with its parameters.
    pub(crate) fn content_type(&self) -> &str {
        self.header("content-type").unwrap_or_default()
    }
}

/// Why a phone cannot use a resource.
#[derive(Clone, Debug)]
pub(crate) enum FetchError {
    /// The phone rejects the content.
    Rejected(String),
    /// The status is not 200.
    Status(u16),
    /// The body is too long.
    TooLong { max_bytes: usize },
    /// No connection, or no complete response in time.
    Unreachable(String),
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status {status}; expected 200"),
            Self::TooLong { max_bytes } => write!(f, "body of more than {max_bytes} bytes"),
            Self::Rejected(reason) | Self::Unreachable(reason) => f.write_str(reason),
        }
    }
}

/// Formats an error with its causes in one line.
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

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a complete response may take.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn requests_come_from_the_address_of_the_phone() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let url = Url::parse(&url).unwrap();
        let client = HttpClient::new("127.0.0.77".parse().unwrap()).unwrap();
        let server = async {
            let (mut stream, peer) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(ok).await.unwrap();
            peer.ip().to_string()
        };
        let request = client.send(Fetch::get(&url, Vec::new(), 10));
        let (peer, (_, resource)) = tokio::join!(server, request);
        assert!(resource.is_ok(), "{resource:?}");
        assert_eq!(peer, "127.0.0.77");
    }
}
