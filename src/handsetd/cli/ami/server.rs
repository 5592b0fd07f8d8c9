//! A separate connection to the manager interface of a configured server.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use handset_ami::{Client, State};
use handset_net::tasks::Tasks;

use crate::cli::config_file::ConfigFile;

/// Selects a server.
#[derive(Args, Debug)]
pub(super) struct Server {
    /// The name of the [[asterisk]] section, if there are several
    #[arg(long, value_name = "NAME")]
    server: Option<String>,
    #[command(flatten)]
    file: ConfigFile,
}

impl Server {
    /// Starts connecting to the named server, or else to all of them.
    pub(super) fn clients(&self, tasks: &Tasks) -> anyhow::Result<Vec<Client>> {
        let config = self.file.load()?;
        let names: Vec<&str> = config
            .asterisk
            .iter()
            .map(|server| server.name.as_str())
            .collect();
        if names.is_empty() {
            bail!("no [[asterisk]] is configured");
        }
        let selected = self.server.as_deref();
        let mut clients = Vec::new();
        for server in &config.asterisk {
            if selected.is_some_and(|name| name != server.name) {
                continue;
            }
            let (client, driver) = Client::new(server)
                .with_context(|| format!("cannot use [[asterisk]] {}", server.name))?;
            tasks.spawn("ami", driver.run_until(tasks.stop()));
            clients.push(client);
        }
        if clients.is_empty() {
            bail!(
                "no [[asterisk]] is named {:?}; expected one of {}",
                selected.unwrap_or_default(),
                names.join(", ")
            );
        }
        Ok(clients)
    }

    /// Starts connecting to the selected server.
    pub(super) fn client(&self, tasks: &Tasks) -> anyhow::Result<Client> {
        let clients = self.clients(tasks)?;
        match <[Client; 1]>::try_from(clients) {
            Ok([client]) => Ok(client),
            Err(several) => {
                let names: Vec<&str> = several.iter().map(Client::name).collect();
                Err(anyhow!(
                    "several servers are configured; select one with --server: {}",
                    names.join(", ")
                ))
            }
        }
    }
}

/// Waits until the login succeeds or fails.
pub(super) async fn connected(client: &Client) -> anyhow::Result<()> {
    let mut state = client.state();
    let is_settled = state.wait_for(|state| {
        matches!(
            state,
            State::Connected(_) | State::Lost { .. } | State::Refused { .. }
        )
    });
    let state = tokio::time::timeout(CONNECT_TIMEOUT, is_settled)
        .await
        .with_context(|| format!("Asterisk {} did not respond in time", client.name()))??;
    match &*state {
        State::Lost { reason, .. } | State::Refused { reason, .. } => {
            bail!("cannot connect to Asterisk {}: {reason}", client.name())
        }
        _ => Ok(()),
    }
}

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long logging off may take.
pub(super) const LOG_OFF_TIMEOUT: Duration = Duration::from_secs(1);
