//! What happens once when the daemon is ready: doubts about rules are logged, and `handsetd.start` is raised.

use std::time::Duration;

use handset_ami::Client;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::rule_doubts::rule_doubts;
use crate::config::Config;
use crate::resolver::PhoneResolver;
use crate::roster::Roster;
use crate::rules::Fact;

/// What the daemon has learnt when it is ready.
#[derive(Debug)]
pub(super) struct Startup {
    pub(super) config: Config,
    pub(super) clients: Vec<Client>,
    pub(super) roster: Roster,
    pub(super) resolver: PhoneResolver,
}

impl Startup {
    /// Raises the event once rules can reach phones: when all servers have told their registrations, or are
    /// away.
    pub(super) async fn run(self, facts: mpsc::Sender<Fact>, stop: CancellationToken) {
        let settled = self.roster.settle(Instant::now() + MAX_DELAY);
        if stop.run_until_cancelled(settled).await.is_none() {
            return;
        }
        let version = ("Version".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        // An error means shutdown.
        let _ = facts.send(Fact::new("handsetd.start", [version])).await;
        let until = Instant::now() + MAX_DELAY;
        let doubts = rule_doubts(&self.config, &self.clients, &self.resolver, until);
        let doubts = stop.run_until_cancelled(doubts).await;
        for doubt in doubts.unwrap_or_default() {
            warn!("{doubt}");
        }
    }
}

/// How long servers that are slow to tell are waited for.
const MAX_DELAY: Duration = Duration::from_secs(10);
