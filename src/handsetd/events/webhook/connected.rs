//! Records whether a request has had a connection, so that something may have been sent.
//!
//! `reqwest` has one future for connecting and sending. A client without a pool
//! (`pool_max_idle_per_host(0)`) polls the connector within the future of the request, so a task-local
//! names the [`Connection`] of the request. Should a later version connect in another task, the layer finds
//! none and nothing is sent at all.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::timeout;
use tower::{BoxError, Layer, Service};

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

/// Limits the time to connect, and notes that a connection was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConnectedLayer;

impl<S> Layer<S> for ConnectedLayer {
    type Service = ConnectedService<S>;

    fn layer(&self, connector: S) -> ConnectedService<S> {
        ConnectedService(connector)
    }
}

/// A connector behind a [`ConnectedLayer`].
#[derive(Clone, Debug)]
pub(super) struct ConnectedService<S>(S);

impl<S, R> Service<R> for ConnectedService<S>
where
    S: Service<R, Error = BoxError>,
    S::Future: Send + 'static,
    S::Response: Send,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, destination: R) -> Self::Future {
        let connection = CONNECTION.try_with(Connection::clone);
        let connecting = self.0.call(destination);
        async move {
            let connection = connection?;
            let made = timeout(CONNECT_TIMEOUT, connecting).await??;
            connection.0.store(true, Ordering::Relaxed);
            Ok(made)
        }
        .boxed()
    }
}

/// How long a server may take to accept a connection, the TLS handshake included. Shorter than most
/// deadlines, so that there is time for a second attempt.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
