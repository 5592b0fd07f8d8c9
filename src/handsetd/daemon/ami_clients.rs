//! The connections to the Asterisk servers that the configuration names, now and after a reload.

use tokio::sync::{mpsc, watch};
use tracing::info;

use crate::roster::Roster;
use handset_ami::{self as ami, Client, Driver, State};
use handset_net::tasks::Tasks;

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
    /// Who listens to the events of each new connection.
    listener: mpsc::Sender<Client>,
    servers: Vec<(ami::Config, Client)>,
    /// The clients of all of them, for whoever tells of their states.
    clients: watch::Sender<Vec<Client>>,
}

impl AmiClients {
    /// Creates none; they will run among `tasks`, be followed by `roster`, and be told to
    /// `listener`.
    pub(super) fn new(roster: Roster, tasks: Tasks, listener: mpsc::Sender<Client>) -> Self {
        Self {
            roster,
            tasks,
            listener,
            servers: Vec::new(),
            clients: watch::Sender::default(),
        }
    }

    /// Returns a view of all connections.
    pub(super) fn clients(&self) -> watch::Receiver<Vec<Client>> {
        self.clients.subscribe()
    }

    /// Connects to the servers of `wanted`, and ends all other connections.
    ///
    /// A connection whose configuration is unchanged continues, unless the server rejected its login:
    /// then it is tried again, because the cause may have been fixed on the server.
    pub(super) async fn connect(&mut self, wanted: Vec<Server>) {
        let (mut kept, mut new) = (Vec::new(), Vec::new());
        for server in wanted {
            let is_same = |(config, client): &(ami::Config, Client)| {
                let is_refused = matches!(*client.state().borrow(), State::Refused { .. });
                *config == server.config && !is_refused
            };
            match self.servers.iter().position(is_same) {
                Some(at) => kept.push(self.servers.swap_remove(at)),
                None => new.push(server),
            }
        }
        for (_, client) in std::mem::replace(&mut self.servers, kept) {
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
            self.tasks.spawn("ami", driver.run_until(self.tasks.stop()));
            self.roster.follow(client.clone(), &self.tasks);
            // The receiver is gone only when everything stops.
            let _ = self.listener.send(client.clone()).await;
            self.servers.push((config, client));
        }
        let clients = self.servers.iter().map(|(_, client)| client.clone());
        self.clients.send_replace(clients.collect());
    }
}
