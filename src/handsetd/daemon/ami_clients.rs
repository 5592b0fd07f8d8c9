//! The connections to the Asterisk servers that the configuration names, now and after a reload.

use tokio::sync::{mpsc, watch};
use tracing::info;

use crate::roster::Roster;
use handset_ami::{Checked, Client, State};
use handset_net::tasks::Tasks;

/// All connections.
#[derive(Debug)]
pub(super) struct AmiClients {
    roster: Roster,
    tasks: Tasks,
    /// Who listens to the events of each new connection.
    listener: mpsc::Sender<Client>,
    servers: Vec<(Checked, Client)>,
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

    /// Connects to `wanted`, and ends all other connections.
    ///
    /// A connection whose configuration is the same goes on, unless the server refused it: then it
    /// is tried once more, since the cause may have been mended over there.
    pub(super) async fn connect(&mut self, wanted: Vec<Checked>) {
        let (mut kept, mut new) = (Vec::new(), Vec::new());
        for checked in wanted {
            let same = |(old, client): &(Checked, Client)| {
                let is_refused = matches!(*client.state().borrow(), State::Refused { .. });
                old.is_same(&checked) && !is_refused
            };
            match self.servers.iter().position(same) {
                Some(at) => kept.push(self.servers.swap_remove(at)),
                None => new.push(checked),
            }
        }
        for (_, client) in std::mem::replace(&mut self.servers, kept) {
            info!(server = client.name(), "Leaving Asterisk.");
            self.roster.forget(client.name());
            client.stop();
        }
        for checked in new {
            let client = Client::start_checked(checked.clone(), &self.tasks);
            self.roster.follow(client.clone(), &self.tasks);
            // Nobody listens any more when everything stops.
            let _ = self.listener.send(client.clone()).await;
            self.servers.push((checked, client));
        }
        let clients = self.servers.iter().map(|(_, client)| client.clone());
        self.clients.send_replace(clients.collect());
    }
}
