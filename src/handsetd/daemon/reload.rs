//! Payload can change while the daemon runs, and what needs a restart.
//!
//! A configuration that comes here has been read and checked as a whole. Phones, groups, vendors,
//! rules, Asterisk servers and the bounds of the history take over at once; what is bound or open
//! stays as it is, and that is told.

use tokio::sync::mpsc;
use tracing::{error, info, warn};

use super::ami_clients::AmiClients;
use super::{engine, pairs, servers};
use crate::config::Config;
use crate::deliver::PushCredentials;
use crate::history::History;
use crate::resolver::PhoneResolver;
use crate::rules::Engine;

/// Puts a new configuration in the place of the old one.
#[derive(Debug)]
pub(super) struct Reload {
    /// The configuration that is in force.
    pub(super) config: Config,
    pub(super) resolver: PhoneResolver,
    pub(super) history: History,
    pub(super) logins: PushCredentials,
    pub(super) rules: mpsc::Sender<Engine>,
    pub(super) servers: AmiClients,
}

impl Reload {
    /// Takes over what can be taken over.
    pub(super) async fn apply(&mut self, mut config: Config) {
        let checked = engine(&config).and_then(|engine| Ok((engine, servers(&config)?)));
        let (engine, servers) = match checked {
            Ok(checked) => checked,
            Err(error) => {
                error!(error = %format!("{error:#}"), "Kept the old configuration.");
                return;
            }
        };
        let fixed = self.keep_fixed(&mut config);
        let vendors = config.vendors.clone();
        self.resolver
            .replace(config.directory.clone(), move |vendor| {
                vendors.defaults(vendor)
            });
        self.logins.replace(pairs(&config));
        self.history.reconfigure(config.history);
        // The rules only stop when everything does.
        let _ = self.rules.send(engine).await;
        self.servers.connect(servers).await;
        let (phones, rules) = (config.directory.entries().len(), config.rules.len());
        info!(phones, rules, "Took over the new configuration.");
        if !fixed.is_empty() {
            let sections = fixed.join(", ");
            warn!(
                sections,
                "These sections have changed too, and need a restart."
            );
        }
        self.config = config;
    }

    /// Puts the old values of sections that need a restart into `config`; returns the names of those
    /// that were to change.
    fn keep_fixed(&self, config: &mut Config) -> Vec<&'static str> {
        let old = &self.config;
        // Secrets do not show here, so that a new token alone goes unnoticed.
        let shown = |admin: &crate::admin::Config| format!("{admin:?}");
        let changed = [
            (
                "[agi]",
                old.agi != config.agi || old.dialplan != config.dialplan,
            ),
            ("[http]", old.http != config.http),
            ("[media]", old.media != config.media),
            ("[admin]", shown(&old.admin) != shown(&config.admin)),
            ("[state]", old.state != config.state),
            ("[cucm]", old.cucm != config.cucm),
        ];
        config.agi = old.agi.clone();
        config.dialplan = old.dialplan.clone();
        config.http = old.http.clone();
        config.media = old.media.clone();
        config.admin = old.admin.clone();
        config.state = old.state.clone();
        config.cucm.clone_from(&old.cucm);
        changed
            .into_iter()
            .filter(|(_, changed)| *changed)
            .map(|(name, _)| name)
            .collect()
    }
}
