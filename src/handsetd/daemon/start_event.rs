//! What happens once when the daemon is ready: doubts about rules are logged, and `handsetd.start` is raised.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::rule_check::RuleCheck;
use crate::rules::Fact;

/// What the daemon does when it is ready.
#[derive(Debug)]
pub(super) struct Startup {
    pub(super) check: RuleCheck,
}

impl Startup {
    /// Raises the event once rules can reach phones: when all servers have reported their registrations, or are
    /// away.
    pub(super) async fn run(self, facts: mpsc::Sender<Fact>, stop: CancellationToken) {
        if stop
            .run_until_cancelled(self.check.settle())
            .await
            .is_none()
        {
            return;
        }
        let version = ("Version".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        // An error means shutdown.
        let _ = facts.send(Fact::new("handsetd.start", [version])).await;
        stop.run_until_cancelled(self.check.run()).await;
    }
}
