//! The user agent: sockets, transactions and dialogs.

use handset_net::tasks::Tasks;
use tokio::time::Instant;

use super::config::Config;
use super::error::{BindError, NotSent, RequestError};
use super::flow::{Flow, Target};
use super::incoming::Incoming;
use super::listen::Listen;
use super::wire::{Request, Response};

/// A user agent whose sockets are bound, but not read yet.
#[derive(Debug)]
pub struct BoundUserAgent {
    config: Config,
}

/// A running user agent. Cheap to clone; clones share everything.
#[derive(Clone, Debug)]
pub struct UserAgent {}

impl UserAgent {
    /// Binds the sockets.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub fn bind(config: Config) -> Result<BoundUserAgent, BindError> {
        Ok(BoundUserAgent { config })
    }

    /// Returns the UDP flow to `address`, for a peer that is known from before a restart. Nothing is sent.
    ///
    /// # Errors
    ///
    /// Fails if no listener has this transport and address family.
    pub fn udp_flow(&self, _peer: std::net::SocketAddr) -> Result<Flow, NotSent> {
        Err(NotSent::NotConnected)
    }

    /// Returns a flow to `target`: over TCP, a connection that exists or is established before `until`.
    pub async fn connect(&self, _target: Target, _until: Instant) -> Result<Flow, NotSent> {
        Err(NotSent::NotConnected)
    }

    /// Sends a request outside a dialog and returns its final response. `Via`, `From`, `To`, `Call-ID`,
    /// `CSeq`, `Contact` and `Max-Forwards` are added where they are missing.
    pub async fn request(
        &self,
        _flow: &Flow,
        _request: Request,
        _until: Instant,
    ) -> Result<Response, RequestError> {
        Err(NotSent::NotConnected.into())
    }
}

impl BoundUserAgent {
    /// Returns the bound addresses in the order of the configuration, with the ports that the system
    /// chose.
    pub fn listens(&self) -> Vec<Listen> {
        self.config.listen.clone()
    }

    /// Starts to read, in tasks of `tasks`.
    pub fn start(self, _tasks: &Tasks) -> (UserAgent, Incoming) {
        (UserAgent {}, Incoming {})
    }
}
