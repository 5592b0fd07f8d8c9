//! What messages travel over: a UDP socket, or a connection to the registrar over TCP or TLS.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tracing::debug;

/// A transport protocol of SIP.
#[derive(Clone, Debug, Default)]
pub enum Protocol {
    /// UDP.
    #[default]
    Udp,
    /// TCP: one connection, which the agent opens to its registrar.
    Tcp,
    /// TLS over such a connection.
    Tls(Arc<rustls::ClientConfig>),
}

impl Protocol {
    /// Returns the name in a `Via` header.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls(_) => "TLS",
        }
    }

    /// Returns the parameter of a SIP URI; empty for UDP.
    pub(super) fn parameter(&self) -> &'static str {
        match self {
            Self::Udp => "",
            Self::Tcp => ";transport=tcp",
            Self::Tls(_) => ";transport=tls",
        }
    }
}

/// What messages travel over.
#[derive(Debug)]
pub(super) enum Link {
    Datagrams(UdpSocket),
    Connection(Connection),
}

/// A connection, which is opened again when it breaks.
pub(super) struct Connection {
    protocol: Protocol,
    local: Mutex<SocketAddr>,
    writer: tokio::sync::Mutex<Option<WriteHalf<Box<dyn Stream>>>>,
}

/// A stream of bytes in both directions.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Link {
    /// Binds a UDP socket, or prepares a connection, which begins with [`Connection::open`].
    pub(super) async fn bind(protocol: &Protocol, local: SocketAddr) -> io::Result<Self> {
        match protocol {
            Protocol::Udp => Ok(Self::Datagrams(UdpSocket::bind(local).await?)),
            Protocol::Tcp | Protocol::Tls(_) => Ok(Self::Connection(Connection {
                protocol: protocol.clone(),
                local: Mutex::new(local),
                writer: tokio::sync::Mutex::default(),
            })),
        }
    }

    /// Returns the local address; of a connection, that of the last one.
    pub(super) fn local(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Datagrams(socket) => socket.local_addr(),
            Self::Connection(connection) => Ok(*connection.local.lock()),
        }
    }

    /// Returns whether messages arrive at most once and in order.
    pub(super) fn is_reliable(&self) -> bool {
        matches!(self, Self::Connection(_))
    }

    /// Sends a message once: to `to`, or down the connection.
    pub(super) async fn send(&self, text: &str, to: SocketAddr) {
        let sent = match self {
            Self::Datagrams(socket) => socket.send_to(text.as_bytes(), to).await.map(drop),
            Self::Connection(connection) => connection.send(text).await,
        };
        if let Err(error) = sent {
            debug!(%error, "Cannot send.");
        }
    }
}

impl Connection {
    /// Connects to `peer` from any port of the local address; returns what arrives.
    pub(super) async fn open(&self, peer: SocketAddr) -> io::Result<ReadHalf<Box<dyn Stream>>> {
        let stream = TcpStream::connect(peer).await?;
        let local = stream.local_addr()?;
        let stream: Box<dyn Stream> = match &self.protocol {
            Protocol::Udp | Protocol::Tcp => Box::new(stream),
            Protocol::Tls(config) => {
                let connector = TlsConnector::from(Arc::clone(config));
                let name = ServerName::from(peer.ip());
                Box::new(timeout(HANDSHAKE, connector.connect(name, stream)).await??)
            }
        };
        let (reader, writer) = split(stream);
        *self.local.lock() = local;
        *self.writer.lock().await = Some(writer);
        Ok(reader)
    }

    /// Forgets the connection.
    pub(super) async fn close(&self) {
        *self.writer.lock().await = None;
    }

    async fn send(&self, text: &str) -> io::Result<()> {
        let mut writer = self.writer.lock().await;
        let Some(stream) = writer.as_mut() else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        stream.write_all(text.as_bytes()).await?;
        stream.flush().await
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("protocol", &self.protocol.name())
            .field("local", &self.local)
            .finish_non_exhaustive()
    }
}

/// How long a TLS handshake may take. A server that speaks no TLS may wait for more and say nothing.
const HANDSHAKE: Duration = Duration::from_secs(10);
