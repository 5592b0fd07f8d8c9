//! The event `handsetd.start`.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::roster::Roster;
use crate::rules::Fact;

/// Raises the event once rules can reach phones: when all servers have told their registrations, or are
/// away.
pub(super) async fn raise(roster: Roster, facts: mpsc::Sender<Fact>, stop: CancellationToken) {
    let settled = roster.settle(Instant::now() + MAX_DELAY);
    if stop.run_until_cancelled(settled).await.is_none() {
        return;
    }
    let version = ("Version".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    // An error means shutdown.
    let _ = facts.send(Fact::new("handsetd.start", [version])).await;
}

/// How long the event waits for servers that are slow to tell.
const MAX_DELAY: Duration = Duration::from_secs(10);
