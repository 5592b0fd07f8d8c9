//! The commit point between connecting and sending.
//!
//! `reqwest` has one future for both, and a delivery must be persisted as sent when the phone has
//! accepted the connection: not earlier, since a phone that is away is tried again and again, and
//! not later, since a crash must not send anything twice. [`committing`] wraps the connector for
//! that. A client without a pool (`pool_max_idle_per_host(0)`) polls the connector within the
//! future of the request, so a task-local names the [`Attempt`] that is connecting. Should a later
//! version connect in another task, the layer finds no attempt and nothing is sent at all.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::SetOnce;
use tokio::time::{Instant, sleep_until, timeout_at};
use tower::{BoxError, Service, ServiceExt, service_fn};

use crate::commit_point::CommitPoint;

tokio::task_local! {
    static ATTEMPT: Arc<Attempt>;
}

/// One request on one connection.
#[derive(Debug)]
pub(super) struct Attempt {
    commit_point: CommitPoint,
    until: Instant,
    committed: SetOnce<()>,
}

impl Attempt {
    /// Creates an attempt that ends at `until`.
    pub(super) fn new(commit_point: CommitPoint, until: Instant) -> Arc<Self> {
        Arc::new(Self {
            commit_point,
            until,
            committed: SetOnce::new(),
        })
    }

    /// Runs a request as this attempt; `None` if time ran out after the commit. Connecting has its
    /// own limit, and the time that the commit takes to persist is not the phone's.
    pub(super) async fn run<T>(self: &Arc<Self>, request: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            result = ATTEMPT.scope(Arc::clone(self), request) => Some(result),
            () = self.timed_out() => None,
        }
    }

    async fn timed_out(&self) {
        sleep_until(self.until).await;
        // Connecting has its own limit, so this waits for what a commit takes to persist.
        self.committed.wait().await;
    }

    /// Returns whether something may have been sent.
    pub(super) fn is_committed(&self) -> bool {
        self.committed.initialized()
    }
}

/// Wraps a connector: limits the time to connect, and commits once connected.
pub(super) fn committing<S, R>(
    connector: S,
) -> impl Service<R, Response = S::Response, Error = BoxError, Future: Send> + Clone
where
    S: Service<R, Error = BoxError, Future: Send, Response: Send> + Clone + Send + Sync,
    R: Send,
{
    // `reqwest` clones its connector several times for each request, and all that is in it.
    let connector = Arc::new(connector);
    service_fn(move |destination| {
        let attempt = ATTEMPT.try_with(Arc::clone);
        let connecting = S::clone(&connector).oneshot(destination);
        async move {
            let attempt = attempt?;
            let end = attempt.until.min(Instant::now() + CONNECT_TIMEOUT);
            let connection = timeout_at(end, connecting)
                .await
                .map_err(|_| timed_out())??;
            attempt.commit_point.commit().await?;
            // Connected once, so set once.
            let _ = attempt.committed.set(());
            Ok(connection)
        }
    })
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer in time")
}

/// How long a phone may take to accept a connection, the TLS handshake included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
