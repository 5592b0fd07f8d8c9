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

/// Waits until the login succeeds or fails, for which the client has a time limit.
pub(super) async fn connected(client: &Client) -> anyhow::Result<()> {
    let mut state = client.state();
    let is_settled = state.wait_for(|state| {
        matches!(
            state,
            State::Connected(_) | State::Lost { .. } | State::Refused { .. }
        )
    });
    match &*is_settled.await? {
        State::Lost { reason, .. } | State::Refused { reason, .. } => {
            bail!("cannot connect to Asterisk {}: {reason}", client.name())
        }
        _ => Ok(()),
    }
}

/// How long logging off may take.
pub(super) const LOG_OFF_TIMEOUT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use handset_ami::Config;
    use tokio::net::TcpListener;
    use tokio::time::pause;

    use super::*;

    #[tokio::test]
    async fn silent_server_is_reported_with_its_cause() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string().parse().unwrap();
        let secret = "hush".to_owned().into();
        let (client, driver) =
            Client::new(&Config::new("pbx", address, "handsetd", secret)).unwrap();
        let tasks = Tasks::new();
        tasks.spawn("ami", driver.run_until(tasks.stop()));
        let error = tokio::join!(connected(&client), async {
            let silent = listener.accept().await;
            pause();
            silent
        });
        let error = error.0.unwrap_err().to_string();
        assert!(error.contains("does not talk as Asterisk does"), "{error}");
    }
}
