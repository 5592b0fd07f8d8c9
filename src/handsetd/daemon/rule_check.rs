//! Asks the servers about the rules, at the start and after each reload.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use handset_ami::Client;
use parking_lot::Mutex;
use tokio::time::Instant;
use tracing::{info, warn};

use super::rule_doubts::{ReadClasses, read_classes, rule_doubts};
use crate::config::{Config, Warning};
use crate::events::RulesHandle;
use crate::resolver::PhoneResolver;
use crate::roster::Roster;
use crate::rules::config::Rule;

/// The rules, and those who know whether they can fire.
#[derive(Debug)]
pub(super) struct RuleCheck {
    pub(super) config: Arc<Config>,
    pub(super) clients: Vec<Client>,
    pub(super) roster: Roster,
    pub(super) resolver: PhoneResolver,
    /// Shows what is found.
    pub(super) rules: RulesHandle,
    /// The classes that the accounts read when this was last asked.
    pub(super) read: Arc<Mutex<ReadClasses>>,
}

impl RuleCheck {
    /// Waits until all servers have reported their registrations, or are unavailable.
    pub(super) async fn settle(&self) {
        self.roster.settle(Instant::now() + MAX_DELAY).await;
    }

    /// Logs what the servers doubt. Asterisk applies changed rights only to sessions that log in afterwards,
    /// so handsetd logs in again where the account reads more than before.
    pub(super) async fn run(&self) {
        self.settle().await;
        let until = Instant::now() + MAX_DELAY;
        let read = read_classes(&self.config, &self.clients, until).await;
        let (config, clients) = (&self.config, &self.clients);
        let doubts = rule_doubts(config, clients, &self.resolver, &read, until).await;
        for doubt in &doubts {
            warn!("{doubt}");
        }
        self.rules.set_warnings(warnings(config, &doubts));
        for client in &self.clients {
            let Some(now) = read.get(client.name()) else {
                continue;
            };
            let before = self
                .read
                .lock()
                .insert(client.name().to_owned(), now.clone());
            if before.is_some_and(|before| !now.is_subset(&before)) {
                info!(
                    server = client.name(),
                    "The account reads more events; logging in again."
                );
                client.renew();
            }
        }
    }
}

/// Returns what is known against each rule: what the configuration warns of, and what the servers doubt.
fn warnings(config: &Config, doubts: &[Warning]) -> HashMap<String, Vec<String>> {
    let rules = config.rules.iter().enumerate();
    let of_rule = |(index, rule): (usize, &Rule)| {
        let doubts = doubts.iter().filter(|doubt| doubt.is_of_rule(index));
        let warnings = config.rule_warnings(index).chain(doubts);
        let warnings: Vec<String> = warnings.map(ToString::to_string).collect();
        (!warnings.is_empty()).then(|| (rule.name.clone(), warnings))
    };
    rules.filter_map(of_rule).collect()
}

/// How long slow servers are waited for.
const MAX_DELAY: Duration = Duration::from_secs(10);
