//! Connections of a command to the configured Asterisk servers.

use std::time::Duration;

use anyhow::Context;
use handset_ami::Client;
use handset_net::tasks::Tasks;

use crate::config::Config;
use crate::roster::Roster;

/// Connects to all servers, and loads their registrations into `roster`.
pub(super) fn connect(
    config: &Config,
    roster: &Roster,
    tasks: &Tasks,
) -> anyhow::Result<Vec<Client>> {
    let mut clients = Vec::new();
    for server in &config.asterisk {
        let (client, driver) = Client::new(server)
            .with_context(|| format!("cannot use [[asterisk]] {}", server.name))?;
        tasks.spawn("ami", driver.run_until(tasks.stop()));
        roster.follow(client.clone(), tasks);
        clients.push(client);
    }
    Ok(clients)
}

/// How long loading registrations may take.
pub(super) const LOAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long logging off may take.
pub(super) const LOG_OFF_TIMEOUT: Duration = Duration::from_secs(1);
