//! The part of a client that owns the connection.

use std::fmt;

use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use super::supervisor::Supervisor;

/// Connects to the server, exchanges messages, and reconnects. Nothing happens until it runs.
///
/// Spawn [`run`](Self::run) with the executor of your choice; it spawns no tasks itself. If it is
/// dropped, the connection ends and all actions fail.
pub struct Driver {
    supervisor: Supervisor,
    span: Span,
}

impl Driver {
    pub(crate) fn new(supervisor: Supervisor, span: Span) -> Self {
        Self { supervisor, span }
    }

    /// Runs until [`Client::stop`](super::Client::stop) is called or all clients are dropped.
    pub async fn run(self) {
        self.supervisor.run().instrument(self.span).await;
    }

    /// Runs like [`run`](Self::run), and stops the client when `stop` is cancelled.
    pub async fn run_until(self, stop: CancellationToken) {
        let own = self.supervisor.stop.clone();
        let run = self.run();
        tokio::pin!(run);
        tokio::select! {
            () = &mut run => return,
            () = stop.cancelled() => own.cancel(),
        }
        run.await;
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("server", &self.supervisor.config.name)
            .finish_non_exhaustive()
    }
}
