//! What a reload changes, and what needs a restart.
//!
//! A configuration that arrives here has been validated as a whole. Phones and their networks, groups,
//! vendors, pages, rules, Asterisk servers, users and the limits of the history are replaced at once.
//! Sections that sockets and files depend on stay as they are, and a warning names those that have
//! changed.

use std::sync::Arc;
use std::time::SystemTime;

use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tracing::{error, info, warn};

use super::ami_clients::{AmiClients, Server};
use super::bind_admin::users;
use super::csta;
use super::rule_check::RuleCheck;
use super::rule_doubts::ReadClasses;
use super::settings::{asterisk_configs, cisco_credentials, engine};
use crate::admin::{self, Accounts, ReloadReport};
use crate::config::{Config, Diagnostics};
use crate::deliver::PushCredentials;
use crate::events::RulesHandle;
use crate::history::History;
use crate::pages::{Catalogue, Pages};
use crate::phone_networks::PhoneNetworks;
use crate::resolver::PhoneResolver;
use crate::roster::Roster;
use crate::rules::{Engine, Schedules};
use crate::uacsta::Sessions;

/// Replaces the configuration of the running daemon.
#[derive(Debug)]
pub(super) struct Reload {
    /// The current configuration.
    pub(super) config: Arc<Config>,
    pub(super) resolver: PhoneResolver,
    pub(super) history: History,
    pub(super) networks: PhoneNetworks,
    pub(super) pages: Pages,
    pub(super) push_credentials: PushCredentials,
    pub(super) rules: mpsc::Sender<Engine>,
    pub(super) rules_handle: RulesHandle,
    pub(super) schedules: watch::Sender<Schedules>,
    pub(super) ami_clients: AmiClients,
    /// The users of the admin server, if there is one.
    pub(super) accounts: Option<Accounts>,
    pub(super) roster: Roster,
    pub(super) sessions: Sessions,
    /// The event classes that the accounts read when this was last asked.
    pub(super) read: Arc<Mutex<ReadClasses>>,
    /// Keeps the report of the last reload for the page.
    pub(super) reported: watch::Sender<Option<(SystemTime, ReloadReport)>>,
    pub(super) tasks: Tasks,
}

impl Reload {
    /// Applies what can change without a restart, if a configuration could be read.
    pub(super) async fn apply(&mut self, loaded: Result<Config, Diagnostics>) -> ReloadReport {
        let report = self.check_and_replace(loaded).await;
        self.reported
            .send_replace(Some((SystemTime::now(), report.clone())));
        report
    }

    async fn check_and_replace(&mut self, loaded: Result<Config, Diagnostics>) -> ReloadReport {
        let config = match loaded {
            Ok(config) => config,
            Err(diagnostics) => {
                for error in diagnostics.iter() {
                    error!(%error, "Invalid configuration.");
                }
                error!("The old configuration stays in effect.");
                let errors = diagnostics.iter().map(ToString::to_string).collect();
                return ReloadReport {
                    errors,
                    ..ReloadReport::default()
                };
            }
        };
        for warning in config.warnings() {
            warn!("{warning}");
        }
        let checked = engine(&config).and_then(|engine| Ok((engine, asterisk_configs(&config)?)));
        match checked {
            Ok((engine, servers)) => self.replace(config, engine, servers).await,
            Err(error) => {
                let error = format!("{error:#}");
                error!(%error, "The old configuration stays in effect.");
                ReloadReport {
                    errors: vec![error],
                    ..ReloadReport::default()
                }
            }
        }
    }

    async fn replace(
        &mut self,
        mut config: Config,
        engine: Engine,
        servers: Vec<Server>,
    ) -> ReloadReport {
        let (old, new) = (self.config.written().clone(), config.written().clone());
        // Parses the texts of both.
        let changed = spawn_blocking(move || old.changes(&new)).await;
        let changed = changed.unwrap_or_else(|error| {
            error!(%error, "Cannot tell what has changed.");
            Vec::new()
        });
        let needs_restart = self.keep_fixed(&mut config);
        let config = Arc::new(config);
        self.resolver
            .replace(Arc::clone(&config.directory), config.vendors.clone());
        self.networks.replace(&config.phones);
        self.sessions.replace(csta::accounts(&config.directory));
        self.pages.replace(Catalogue::new(&config.pages));
        self.push_credentials.replace(cisco_credentials(&config));
        self.history.reconfigure(config.history);
        let schedules = engine.schedules();
        // The receiver is dropped only when the daemon stops.
        let _ = self.rules.send(engine).await;
        self.schedules.send_replace(schedules);
        self.ami_clients.connect(servers).await;
        if let Some(accounts) = &self.accounts {
            let config = Arc::clone(&config);
            // Reads the generated token.
            match spawn_blocking(move || users(&config)).await {
                Ok(users) => {
                    accounts.replace(users);
                    accounts.store_sessions().await;
                }
                Err(error) => error!(%error, "The old users of the admin server stay in effect."),
            }
        }
        let (phones, rules) = (config.directory.entries().len(), config.rules.len());
        info!(phones, rules, "Configuration reloaded.");
        if !needs_restart.is_empty() {
            let sections = needs_restart.join(", ");
            warn!(sections, "Changes of these sections need a restart.");
        }
        let warnings = config.warnings().iter().map(ToString::to_string).collect();
        self.config = config;
        let check = RuleCheck {
            config: Arc::clone(&self.config),
            clients: self.ami_clients.clients().borrow().clone(),
            roster: self.roster.clone(),
            resolver: self.resolver.clone(),
            rules: self.rules_handle.clone(),
            read: Arc::clone(&self.read),
        };
        let stop = self.tasks.stop();
        self.tasks.spawn("rule check", async move {
            stop.run_until_cancelled(check.run()).await;
        });
        ReloadReport {
            errors: Vec::new(),
            changed,
            needs_restart,
            warnings,
        }
    }

    /// Restores the old values of sections that need a restart; returns the names of those that have
    /// changed.
    fn keep_fixed(&self, config: &mut Config) -> Vec<&'static str> {
        let old = &self.config;
        // Users are replaced at once.
        let admin = admin::Config {
            token: config.admin.token.clone(),
            users: config.admin.users.clone(),
            ..old.admin.clone()
        };
        let changed = [
            (
                "[agi]",
                old.agi != config.agi || old.dialplan != config.dialplan,
            ),
            ("[http]", old.http != config.http),
            ("[media]", old.media != config.media),
            ("[admin]", admin != config.admin),
            ("[state]", old.state != config.state),
            ("[cucm]", old.cucm != config.cucm),
            ("[uacsta]", old.uacsta != config.uacsta),
            ("[cluster]", old.cluster != config.cluster),
        ];
        config.agi = old.agi.clone();
        config.dialplan = old.dialplan.clone();
        config.http = old.http.clone();
        config.media = old.media.clone();
        config.admin = admin;
        config.state = old.state.clone();
        config.cucm.clone_from(&old.cucm);
        config.uacsta.clone_from(&old.uacsta);
        config.cluster.clone_from(&old.cluster);
        changed
            .into_iter()
            .filter(|(_, changed)| *changed)
            .map(|(name, _)| name)
            .collect()
    }
}
