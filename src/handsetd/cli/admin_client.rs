//! The way to the running daemon: its administrator's door, by HTTP.
//!
//! Where that is and what opens it stands in the configuration that the daemon itself reads.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use axum::body::{Body, BodyDataStream, to_bytes};
use bytes::Bytes;
use futures_util::StreamExt;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::admin::{TlsFiles, Token};
use crate::config::Config;
use handset_ami::TlsConfig;
use handset_net::pin::Pin;
use handset_net::tasks::Tasks;

/// Asks the running daemon.
#[derive(Debug)]
pub(super) struct AdminClient {
    address: SocketAddr,
    token: Token,
    tls: Option<TlsFiles>,
    tasks: Tasks,
}

impl AdminClient {
    /// Finds the door of the daemon that runs with this configuration.
    pub(super) fn of(config: &Config) -> anyhow::Result<Self> {
        let token = if let Some(token) = &config.admin.token {
            Token::new(token.clone())
        } else {
            let path = Token::path(&config.state.dir);
            let path = path.display();
            Token::load(&config.state.dir).with_context(|| {
                format!(
                    "no admin.token is configured, and the one that the daemon makes up can't be \
                     read from {path}"
                )
            })?
        };
        Ok(Self {
            address: reachable(config.admin.address()),
            token,
            tls: config.admin.tls.clone(),
            tasks: Tasks::new(),
        })
    }

    /// Asks, and returns what was answered.
    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let (code, body) = self.ask(Method::POST, path, body.to_string()).await?;
        let read = timeout(PATIENCE, to_bytes(body, MAX_ANSWER)).await;
        let bytes = read.context("the daemon did not answer in time")??;
        self.read(code, &bytes)
    }

    /// Starts to listen to the events of that name.
    pub(super) async fn listen(&self, event: &str) -> anyhow::Result<EventStream> {
        let path = format!("/api/v1/events?event={event}");
        let (code, body) = self.ask(Method::GET, &path, String::new()).await?;
        if code != StatusCode::OK {
            bail!("the daemon tells no events ({code})");
        }
        Ok(EventStream {
            parts: body.into_data_stream(),
            text: Vec::new(),
        })
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: String,
    ) -> anyhow::Result<(StatusCode, Body)> {
        let address = self.address;
        let connected = timeout(CONNECT, TcpStream::connect(address)).await;
        let stream = connected
            .map_err(|_| anyhow!("it does not answer"))
            .and_then(|connected| connected.map_err(anyhow::Error::from))
            .with_context(|| {
                format!("no daemon is at {address} (admin.listen); start it: handsetd run")
            })?;
        let mut sender = match self.tls()? {
            None => self.open(stream).await?,
            Some(tls) => {
                let shaken = timeout(CONNECT, tls.connect(stream)).await;
                let stream = shaken.context("TLS took too long")?;
                self.open(stream.with_context(|| {
                    format!("whoever listens at {address} does not show admin.tls.certificate_file")
                })?)
                .await?
            }
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("Host", address.to_string())
            .header("Authorization", format!("Bearer {}", self.token.expose()))
            .header(
                "User-Agent",
                concat!("handsetd-send/", env!("CARGO_PKG_VERSION")),
            )
            .header("Content-Type", "application/json")
            .body(Body::from(body))?;
        let answered = timeout(PATIENCE, sender.send_request(request)).await;
        let answer = answered.context("the daemon did not answer in time")?;
        let answer = answer.context("the daemon broke the connection off")?;
        Ok((answer.status(), Body::new(answer.into_body())))
    }

    async fn open<S>(&self, stream: S) -> anyhow::Result<SendRequest<Body>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        self.tasks.spawn("connection", async move {
            // The request tells how it went.
            let _ = connection.await;
        });
        Ok(sender)
    }

    /// Makes ready for TLS with the very certificate that the daemon shows.
    fn tls(&self) -> anyhow::Result<Option<handset_ami::Connector>> {
        let Some(files) = &self.tls else {
            return Ok(None);
        };
        let path = files.certificate_file.display();
        let certificate = CertificateDer::from_pem_file(&files.certificate_file)
            .with_context(|| format!("cannot read {path} (admin.tls.certificate_file)"))?;
        let config = TlsConfig {
            ca_file: None,
            pin: Some(Pin::of(&certificate)),
            server_name: Some(self.address.ip().to_string()),
        };
        let host = self.address.to_string().parse()?;
        Ok(Some(config.connector(&host)?))
    }

    fn read(&self, code: StatusCode, bytes: &Bytes) -> anyhow::Result<Value> {
        let address = self.address;
        let answer: Value = serde_json::from_slice(bytes)
            .with_context(|| format!("whoever listens at {address} is no handsetd ({code})"))?;
        if code == StatusCode::UNAUTHORIZED {
            bail!("the daemon at {address} has another token than this configuration");
        }
        Ok(answer)
    }
}

/// Events that the daemon tells.
pub(super) struct EventStream {
    parts: BodyDataStream,
    text: Vec<u8>,
}

impl EventStream {
    /// Returns the next event; `None` when there will be none. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.text.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.text.drain(..end.saturating_add(2)).collect();
                let block = String::from_utf8_lossy(&block).into_owned();
                let data = block.lines().find_map(|line| line.strip_prefix("data: "));
                match data.and_then(|data| serde_json::from_str(data).ok()) {
                    Some(told) => return Some(told),
                    None => continue,
                }
            }
            if self.text.len() > MAX_ANSWER {
                return None;
            }
            let part = self.parts.next().await?.ok()?;
            self.text.extend_from_slice(&part);
        }
    }
}

/// Returns where a door on `listen` is reached from this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, listen.port())
}

const CONNECT: Duration = Duration::from_secs(5);

/// How long an answer may take; the daemon itself waits for phones a little shorter.
const PATIENCE: Duration = Duration::from_mins(1);

/// The longest answer, in bytes; a screenshot is the longest.
const MAX_ANSWER: usize = 32 * 1024 * 1024;
