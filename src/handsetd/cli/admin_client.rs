//! HTTP client for the admin API of the running daemon.
//!
//! Address, certificate and token come from the configuration that the daemon itself reads, or, for a
//! daemon on another machine, from options.

use std::io::{self, ErrorKind, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use handset_net::files::{self, Links};
use handset_net::pin::{Pin, WrongPin};
use handset_net::server_certificate::TlsFiles;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use crate::admin::{self, Token};
use crate::config::Config;
use crate::telemetry::TerminalSafe;

/// Sends requests to the running daemon.
#[derive(Debug)]
pub(super) struct AdminClient {
    /// Scheme, host and port, such as `http://127.0.0.1:8091`.
    base: String,
    /// What says where the daemon is: a key of the configuration, or an option.
    source: &'static str,
    http: Client,
}

impl AdminClient {
    /// Creates a client for the daemon that runs with this configuration.
    pub(super) fn new(config: &Config) -> anyhow::Result<Self> {
        Self::local(&config.admin, &config.state.dir)
    }

    /// Creates a client for the daemon of this machine, from the parts of its configuration that say how it
    /// is reached.
    pub(super) fn local(admin: &admin::Config, state_folder: &Path) -> anyhow::Result<Self> {
        let token = if let Some(token) = &admin.token {
            token.clone()
        } else {
            Token::load(state_folder).map_err(|error| no_token(state_folder, error))?
        };
        let address = reachable(admin.address());
        let (scheme, trust) = match &admin.tls {
            Some(files) => ("https", Trust::Pin(pin(files)?)),
            None => ("http", Trust::None),
        };
        Ok(Self {
            base: format!("{scheme}://{address}"),
            source: "admin.listen",
            http: build(&token, trust)?,
        })
    }

    /// Creates a client for the daemon at `url`, which has neither path nor query. Without a pin, the
    /// certificate must be one that this machine trusts.
    pub(super) fn at(url: &Url, token: &Token, pin: Option<Pin>) -> anyhow::Result<Self> {
        let trust = match pin {
            Some(pin) => Trust::Pin(pin),
            None if url.scheme() == "https" => Trust::Authorities,
            None => Trust::None,
        };
        Ok(Self {
            base: url.as_str().trim_end_matches('/').to_owned(),
            source: "--url",
            http: build(token, trust)?,
        })
    }

    /// Returns scheme, host and port of the daemon.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Posts `body` and returns the JSON of the reply, whatever its status.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the daemon rejects the token, or the reply is not one of the API.
    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.http.post(self.url(path)).body(body.to_string());
        self.reply(request).await
    }

    /// Returns the result of a GET request, and notes which daemons of the cluster it lacks.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the status of the reply is not OK.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let mut reply = self.reply(self.http.get(self.url(path))).await?;
        accept(&reply)?;
        note_missing(&reply);
        Ok(reply["result"].take())
    }

    /// Returns the result of a GET request for a list.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the status of the reply is not OK, or its result is not a list.
    pub(super) async fn get_list(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        match self.get(path).await? {
            Value::Array(list) => Ok(list),
            other => Err(Refused::unexpected(&other).into()),
        }
    }

    async fn reply(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        let mut response = self.send(request).await?;
        self.read_reply(&mut response).await
    }

    async fn read_reply(&self, response: &mut Response) -> anyhow::Result<Value> {
        let code = response.status();
        let read = timeout(REPLY_TIMEOUT, read(response)).await;
        let bytes = read.context("the daemon did not reply in time")??;
        let base = &self.base;
        let reply: Value = serde_json::from_slice(&bytes)
            .with_context(|| format!("the server at {base} is not handsetd (HTTP {code})"))?;
        if code == StatusCode::UNAUTHORIZED {
            let whose = match self.source {
                "--url" => "in --token-file",
                _ => {
                    "of this configuration; if it is new there, have the daemon read it (systemctl reload \
                     handsetd, or SIGHUP)"
                }
            };
            let reason = format!("the daemon at {base} rejects the token {whose}");
            return Err(Refused(reason).into());
        }
        // Each reply of the API has a status.
        if !reply["status"].is_string() {
            return Err(Refused::unexpected(&reply).into());
        }
        Ok(reply)
    }

    /// Subscribes to the events named `event`.
    pub(super) async fn events(&self, event: &str) -> anyhow::Result<EventStream> {
        self.stream(&format!("/api/v1/events?event={event}")).await
    }

    /// Opens a stream of server-sent events.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the daemon replied and does not permit it.
    pub(super) async fn stream(&self, path: &str) -> anyhow::Result<EventStream> {
        let mut response = self.send(self.http.get(self.url(path))).await?;
        let code = response.status();
        if code != StatusCode::OK {
            let reply = self.read_reply(&mut response).await?;
            accept(&reply)?;
            bail!("the daemon rejected the subscription to its events (HTTP {code})");
        }
        Ok(EventStream {
            response,
            buffer: Vec::new(),
            searched: 0,
        })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Sends a request, and waits for the head of the response.
    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let sent = timeout(REPLY_TIMEOUT, request.send()).await;
        sent.context("the daemon did not reply in time")?
            .map_err(|error| self.explain(error))
    }

    fn explain(&self, error: reqwest::Error) -> anyhow::Error {
        let Self { base, source, .. } = self;
        // The URL would only repeat the address.
        let error = error.without_url();
        if WrongPin::among(&error).is_some() {
            let expected = match *source {
                "--url" => "with the pin of --pin",
                _ => "in admin.tls.certificate_file",
            };
            anyhow!("the server at {base} does not present the certificate {expected}")
        } else if error.is_connect() {
            anyhow::Error::from(error).context(format!(
                "cannot connect to the daemon at {base} ({source}); is handsetd run running?"
            ))
        } else {
            anyhow::Error::from(error).context("the daemon closed the connection")
        }
    }
}

/// Names the daemons whose part is missing.
fn note_missing(reply: &Value) {
    for missing in reply["missing"].as_array().into_iter().flatten() {
        let text = |key: &str| missing[key].as_str().unwrap_or_default();
        let (daemon, reason) = (TerminalSafe(text("daemon")), TerminalSafe(text("reason")));
        // If this fails, there is nowhere to report it.
        let _ = writeln!(io::stderr(), "handsetd: incomplete: {daemon}: {reason}");
    }
}

/// Explains why the token that the daemon generates cannot be read.
fn no_token(state_folder: &Path, error: io::Error) -> anyhow::Error {
    let path = Token::path(state_folder);
    let path = path.display();
    if error.kind() == ErrorKind::NotFound {
        return anyhow!(
            "no daemon has been started with this configuration: the token that it generates is not in \
             {path}; start it (systemctl start handsetd), or name its configuration with --config"
        );
    }
    anyhow::Error::from(error).context(format!(
        "admin.token is not set, and the token that the daemon has generated cannot be read from {path}"
    ))
}

/// Whose certificates a client accepts.
#[derive(Clone, Copy, Debug)]
enum Trust {
    /// Those that the authorities of this machine vouch for.
    Authorities,
    /// No certificate: it speaks plain HTTP, and the authorities, if there are any, are not read.
    None,
    Pin(Pin),
}

/// Creates the HTTP client.
fn build(token: &Token, trust: Trust) -> anyhow::Result<Client> {
    let mut authorization = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .context("the token contains a character that HTTP cannot transmit")?;
    authorization.set_sensitive(true);
    let headers = [
        (AUTHORIZATION, authorization),
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
    ];
    let builder = Client::builder()
        .user_agent(concat!("handsetd-send/", env!("CARGO_PKG_VERSION")))
        .default_headers(HeaderMap::from_iter(headers))
        .http1_only()
        .no_proxy()
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIMEOUT);
    let builder = match trust {
        Trust::Authorities => builder,
        Trust::None => builder.tls_certs_only([]),
        Trust::Pin(pin) => builder.tls_backend_preconfigured(pin.client_config()),
    };
    builder.build().context("cannot create the HTTP client")
}

/// The reason of a reply with another status than OK.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(String);

impl Refused {
    /// The reply is not one that handsetd sends.
    pub(super) fn unexpected(reply: &Value) -> Self {
        let shown: String = reply.to_string().chars().take(MAX_SHOWN).collect();
        Self(format!("unexpected reply of the daemon: {shown}"))
    }
}

/// Returns an error unless the status of a reply is OK.
fn accept(reply: &Value) -> Result<(), Refused> {
    match (reply["status"].as_str(), reply["reason"].as_str()) {
        (Some("OK"), _) => Ok(()),
        (_, Some(reason)) => Err(Refused(reason.to_owned())),
        _ => Err(Refused::unexpected(reply)),
    }
}

/// Server-sent events of the daemon.
pub(super) struct EventStream {
    response: Response,
    /// Received bytes that have not been returned yet.
    buffer: Vec<u8>,
    /// How many of them contain no end of an event, so that a long event is not searched again with each chunk.
    searched: usize,
}

impl EventStream {
    /// Returns the data of the next event; `None` at the end of the stream, and when the daemon has been
    /// silent for [`MAX_SILENCE`]. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<Value> {
        loop {
            let rest = self.buffer.get(self.searched..).unwrap_or_default();
            if let Some(end) = rest.windows(2).position(|pair| pair == b"\n\n") {
                let end = self.searched.saturating_add(end).saturating_add(2);
                let block: Vec<u8> = self.buffer.drain(..end).collect();
                self.searched = 0;
                let block = String::from_utf8_lossy(&block);
                let data = block.lines().find_map(|line| line.strip_prefix("data: "));
                match data.and_then(|data| serde_json::from_str(data).ok()) {
                    Some(event) => return Some(event),
                    None => continue,
                }
            }
            // The end may begin with the last byte.
            self.searched = self.buffer.len().saturating_sub(1);
            if self.buffer.len() > MAX_REPLY {
                return None;
            }
            let chunk = timeout(MAX_SILENCE, self.response.chunk()).await;
            let chunk = chunk.ok()?.ok()??;
            self.buffer.extend_from_slice(&chunk);
        }
    }
}

/// The longest file of certificates, in bytes.
const MAX_CERTIFICATE: u64 = 1024 * 1024;

/// Returns the pin of the certificate that the daemon presents.
fn pin(tls: &TlsFiles) -> anyhow::Result<Pin> {
    let path = tls.certificate_file.display();
    let context = || format!("cannot read {path} (admin.tls.certificate_file)");
    let content = files::read(&tls.certificate_file, Links::Follow, MAX_CERTIFICATE);
    let certificate =
        CertificateDer::from_pem_slice(&content.with_context(context)?).with_context(context)?;
    Ok(Pin::of(&certificate))
}

async fn read(response: &mut Response) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .context("the daemon closed the connection")?
    {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_REPLY {
            bail!("the daemon's reply is longer than {MAX_REPLY} bytes");
        }
    }
    Ok(body)
}

/// Returns the address at which a server that listens on `listen` is reached from this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, listen.port())
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Slightly longer than the daemon itself waits for phones.
const REPLY_TIMEOUT: Duration = Duration::from_mins(1);

/// How long an event stream may be silent: several times the interval of the daemon's comments.
const MAX_SILENCE: Duration = Duration::from_secs(20);

/// How many characters of an unexpected reply are shown: a line or two, enough to see what replied.
const MAX_SHOWN: usize = 200;

/// The longest reply, in bytes; screenshots are the longest.
const MAX_REPLY: usize = 32 * 1024 * 1024;
