//! Records whether a request has had a connection, so that something may have been sent.
//!
//! `reqwest` has one future for connecting and sending. A client without a pool
//! (`pool_max_idle_per_host(0)`) polls the connector within the future of the request, so a task-local
//! names the [`Connection`] of the request. Should a later version connect in another task, the layer finds
//! none and nothing is sent at all.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::timeout;
use tower::{BoxError, Service, ServiceExt};

tokio::task_local! {
    static CONNECTION: Connection;
}

/// The connection of a request. Cheap to clone; clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Connection(Arc<AtomicBool>);

impl Connection {
    /// Runs a request that has this connection.
    pub(super) fn scope<F: Future>(&self, request: F) -> impl Future<Output = F::Output> {
        CONNECTION.scope(self.clone(), request)
    }

    /// Returns whether it was made.
    pub(super) fn was_made(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Wraps a connector: limits the time to connect, and notes that a connection was made.
pub(super) fn noting<S, R>(
    connector: S,
) -> impl Service<R, Response = S::Response, Error = BoxError, Future: Send> + Clone
where
    S: Service<R, Error = BoxError, Future: Send, Response: Send> + Clone,
{
    connector.map_future(|connecting| {
        let connection = CONNECTION.try_with(Connection::clone);
        async move {
            let connection = connection?;
            let made = timeout(CONNECT_TIMEOUT, connecting).await??;
            connection.0.store(true, Ordering::Relaxed);
            Ok(made)
        }
    })
}

/// How long a server may take to accept a connection, the TLS handshake included. Shorter than most
/// deadlines, so that there is time for a second attempt.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
