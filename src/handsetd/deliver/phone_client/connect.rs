//! Connections to the web servers of phones: TCP, and TLS where a certificate is pinned.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use handset_net::expiring::ExpiringMap;
use handset_net::pin::Pin;
use parking_lot::Mutex;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

/// A connection to a phone.
pub(super) type Connection = Either<TcpStream, TlsStream<TcpStream>>;

/// Connects to phones.
pub(super) struct Connector {
    /// One connector for each pinned certificate.
    pinned: Mutex<ExpiringMap<Pin, TlsConnector>>,
}

impl Default for Connector {
    fn default() -> Self {
        Self {
            pinned: Mutex::new(ExpiringMap::new(MAX_PINS)),
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl Connector {
    /// Connects to a host and port by `until`, over TLS if `pin` is given. Nothing of a request is sent.
    pub(super) async fn connect(
        &self,
        (host, port): (&str, u16),
        pin: Option<Pin>,
        until: Instant,
    ) -> io::Result<Connection> {
        let end = until.min(Instant::now() + CONNECT_TIMEOUT);
        let connecting = async {
            let stream = TcpStream::connect((host, port)).await?;
            // A body that does not fit into one segment must not wait for an acknowledgement.
            stream.set_nodelay(true)?;
            let Some(pin) = pin else {
                return Ok(Either::Left(stream));
            };
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            let stream = self.tls(pin).connect(name, stream).await?;
            Ok(Either::Right(stream))
        };
        timeout_at(end, connecting).await.unwrap_or_else(|_| {
            let error = io::Error::new(io::ErrorKind::TimedOut, "no answer in time");
            Err(error)
        })
    }

    /// Returns the connector for phones with this certificate.
    fn tls(&self, pin: Pin) -> TlsConnector {
        let (mut pinned, now) = (self.pinned.lock(), Instant::now());
        if let Some(connector) = pinned.get(&pin, now) {
            return connector.clone();
        }
        let connector = TlsConnector::from(Arc::new(pin.client_config()));
        pinned.insert(pin, connector.clone(), CONNECTOR_LIFETIME, now);
        connector
    }
}

/// How long a phone may take to accept a connection, the TLS handshake included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How many pinned certificates have a connector at once.
const MAX_PINS: usize = 20_000;

/// How long a connector is reused; creating one is cheap.
const CONNECTOR_LIFETIME: Duration = Duration::from_hours(24);
