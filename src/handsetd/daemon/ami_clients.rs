//! The connections to the configured Asterisk servers, which a reload may change.

use handset_ami::{self as ami, Client, Driver, State};
use handset_net::tasks::Tasks;
use tokio::sync::{mpsc, watch};
use tracing::info;

use crate::events::ServerEvents;
use crate::roster::Roster;

/// A server whose configuration is valid, and the client for it.
#[derive(Debug)]
pub(super) struct Server {
    config: ami::Config,
    client: Client,
    driver: Driver,
}

impl Server {
    /// Creates the client, which does not connect yet.
    pub(super) fn new(config: &ami::Config) -> Result<Self, ami::ConfigError> {
        let (client, driver) = Client::new(config)?;
        let config = config.clone();
        Ok(Self {
            config,
            client,
            driver,
        })
    }
}

/// All connections.
#[derive(Debug)]
pub(super) struct AmiClients {
    roster: Roster,
    tasks: Tasks,
    /// Receives the events of each new server, which the rules process.
    new_servers: mpsc::Sender<ServerEvents>,
    servers: Vec<(ami::Config, Client)>,
    /// The clients of all servers, for status displays.
    clients: watch::Sender<Vec<Client>>,
}

impl AmiClients {
    /// Creates an empty set. Its connections run in `tasks`, `roster` follows their registrations, and
    /// `new_servers` receives their events.
    pub(super) fn new(
        roster: Roster,
        tasks: Tasks,
        new_servers: mpsc::Sender<ServerEvents>,
    ) -> Self {
        Self {
            roster,
            tasks,
            new_servers,
            servers: Vec::new(),
            clients: watch::Sender::default(),
        }
    }

    /// Returns the current clients, and notifies of changes.
    pub(super) fn clients(&self) -> watch::Receiver<Vec<Client>> {
        self.clients.subscribe()
    }

    /// Connects to `servers`, and closes all other connections.
    ///
    /// A connection whose configuration is unchanged stays open, unless the server rejected its login:
    /// then the login is retried, because the cause may have been fixed on the server. For the same
    /// reason the rights of the account are checked, and only others make it log in again.
    pub(super) async fn connect(&mut self, servers: Vec<Server>) {
        let (mut kept, mut new) = (Vec::new(), Vec::new());
        for server in servers {
            let is_same = |(config, client): &(ami::Config, Client)| {
                let is_rejected = matches!(*client.state().borrow(), State::Refused { .. });
                *config == server.config && !is_rejected
            };
            match self.servers.iter().position(is_same) {
                Some(at) => kept.push(self.servers.swap_remove(at)),
                None => new.push(server),
            }
        }
        let stale = std::mem::replace(&mut self.servers, kept);
        let names = self.servers.iter().map(|(_, client)| client.name());
        let kept: Vec<String> = names.map(ToOwned::to_owned).collect();
        for (_, client) in stale {
            info!(server = client.name(), "Disconnecting from Asterisk.");
            self.roster.forget(client.name());
            client.stop();
        }
        for server in new {
            let Server {
                config,
                client,
                driver,
            } = server;
            let events = ServerEvents::of(client.clone());
            self.tasks.spawn("ami", driver.run_until(self.tasks.stop()));
            self.roster.follow(client.clone(), &self.tasks);
            // The receiver is dropped only when the daemon stops.
            let _ = self.new_servers.send(events).await;
            self.servers.push((config, client));
        }
        for client in kept {
            self.roster.recheck_rights(&client);
        }
        let clients = self.servers.iter().map(|(_, client)| client.clone());
        self.clients.send_replace(clients.collect());
    }
}
