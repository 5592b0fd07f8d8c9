//! A separate connection to the manager interface of a configured server.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args;

use crate::cli::ConfigFile;
use handset_ami::{Client, State};
use handset_net::tasks::Tasks;

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
            .map(|one| one.name.as_str())
            .collect();
        if names.is_empty() {
            bail!("no [[asterisk]] is configured");
        }
        let wanted = self.server.as_deref();
        let meant = config.asterisk.iter();
        let meant = meant.filter(|one| wanted.is_none_or(|wanted| one.name == wanted));
        let clients = meant.map(|one| {
            let (client, driver) = Client::new(one)
                .with_context(|| format!("cannot use [[asterisk]] {}", one.name))?;
            tasks.spawn("ami", driver.run_until(tasks.stop()));
            Ok(client)
        });
        let clients: Vec<Client> = clients.collect::<anyhow::Result<_>>()?;
        if clients.is_empty() {
            let names = names.join(", ");
            bail!(
                "no [[asterisk]] is called {:?}; there are {names}",
                wanted.unwrap_or_default()
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
                    "name one of the servers with --server: {}",
                    names.join(", ")
                ))
            }
        }
    }
}

/// Waits until the login succeeded or failed.
pub(super) async fn connected(client: &Client) -> anyhow::Result<()> {
    let mut state = client.state();
    let settled = state.wait_for(|state| {
        matches!(
            state,
            State::Connected(_) | State::Lost { .. } | State::Refused { .. }
        )
    });
    let settled = tokio::time::timeout(CONNECT_TIMEOUT, settled).await;
    let state =
        settled.with_context(|| format!("Asterisk {} does not answer", client.name()))??;
    match &*state {
        State::Lost { reason, .. } | State::Refused { reason } => {
            bail!("cannot connect to Asterisk {}: {reason}", client.name())
        }
        _ => Ok(()),
    }
}

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long logging off may take.
pub(super) const LOG_OFF: Duration = Duration::from_secs(1);
