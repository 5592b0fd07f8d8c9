//! Which phone is where, as the Asterisk servers tell it.
//!
//! [`Roster`] is a handle; behind it one task for each server reads all contacts whenever the
//! connection is new, and follows the events from then on. What is read is a table without I/O.
//! Nothing here is configured and nothing is sent to a phone: the roster says what Asterisk knows,
//! and [`handset_phones::phone`] joins that with the configuration.

mod contact;
mod query_queue;
mod sync;
mod table;

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{broadcast, watch as channel};
use tokio::time::{Instant, timeout_at};

pub use contact::{Contact, Reach};
use table::Table;

use handset_ami::{self as ami, Client};
use handset_net::tasks::Tasks;
use handset_phones::phone::{Endpoint, MacAddress, RegistrationInfo};

/// What all servers know. Cheap to clone; all clones are one roster.
#[derive(Clone)]
pub struct Roster {
    servers: Arc<RwLock<Vec<Server>>>,
    arrivals: broadcast::Sender<Registered>,
}

/// A phone may have come back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Registered {
    /// Any: a server was read anew.
    Any,
    /// One of this endpoint registered, or did so again.
    Endpoint(Endpoint),
}

#[derive(Clone)]
struct Server {
    client: Client,
    table: channel::Receiver<Table>,
}

/// Where a phone that is registered can be sent something.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The server that it is registered with.
    pub client: Client,
    /// The contacts of the endpoint there; one at least.
    pub contacts: Vec<Contact>,
}

/// Why nothing can be sent to an endpoint.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// No connection tells.
    #[error("Asterisk {server} is not connected: {reason}")]
    Away {
        /// What the configuration calls the server.
        server: String,
        /// Why.
        reason: String,
    },
    /// The configuration names no server.
    #[error("no [[asterisk]] is configured, and a NOTIFY goes through one")]
    NoServer,
    /// Asterisk knows no contact of it.
    #[error("{endpoint} is not registered")]
    NotRegistered {
        /// The endpoint.
        endpoint: Endpoint,
    },
}

impl Roster {
    /// Reads what the server of `client` knows, and keeps up with it until `tasks` stop.
    pub fn follow(&self, client: Client, tasks: &Tasks) {
        let (table, readable) = channel::channel(Table::default());
        let server = Server {
            client: client.clone(),
            table: readable,
        };
        self.servers
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(server);
        let stop = tasks.stop();
        let watch = sync::ContactSync::new(client, table, self.arrivals.clone());
        tasks.spawn("roster", async move {
            tokio::select! {
                () = watch.run() => (),
                () = stop.cancelled() => (),
            }
        });
    }

    /// Returns whether there is a server that could tell of phones.
    pub fn follows_any(&self) -> bool {
        !self.list().is_empty()
    }

    /// Returns a listener to phones that come, or come back, from now on. Each may be told several
    /// times.
    pub fn arrivals(&self) -> broadcast::Receiver<Registered> {
        self.arrivals.subscribe()
    }

    /// Forgets all that the server of that name knows.
    pub fn forget(&self, server: &str) {
        let mut servers = self.servers.write().unwrap_or_else(PoisonError::into_inner);
        servers.retain(|known| known.client.name() != server);
    }

    /// Returns what is known of the phones of `endpoint`, one for each contact. Empty where no
    /// server knows one just now.
    pub fn registrations(&self, endpoint: &Endpoint) -> Vec<RegistrationInfo> {
        self.select(|table| table.contacts(endpoint).iter().collect())
    }

    /// Returns whether a server says that a phone of `endpoint` is registered.
    pub fn knows(&self, endpoint: &Endpoint) -> bool {
        let mut servers = self.list().into_iter();
        servers.any(|server| {
            let table = server.table.borrow();
            table.is_current() && !table.contacts(endpoint).is_empty()
        })
    }

    /// Returns how often a server told that a phone of `endpoint` came, as long as it is followed.
    pub fn registration_count(&self, endpoint: &Endpoint) -> u64 {
        let servers = self.list().into_iter();
        servers.fold(0, |sum: u64, server| {
            sum.wrapping_add(server.table.borrow().registration_count(endpoint))
        })
    }

    /// Returns what is known of the phones that have this IP address or hardware address.
    pub fn find(&self, text: &str) -> Vec<RegistrationInfo> {
        if let Ok(mac) = text.parse::<MacAddress>() {
            return self.select(|table| table.all().filter(|one| one.mac() == Some(mac)).collect());
        }
        match text.parse::<IpAddr>() {
            Ok(ip) => self.select(|table| table.all().filter(|one| one.is_at(ip)).collect()),
            Err(_) => Vec::new(),
        }
    }

    /// Returns what is known of all phones, and which servers tell nothing; those that are being
    /// read are waited for until `until`.
    pub async fn all(&self, until: Instant) -> (Vec<RegistrationInfo>, Vec<Unavailable>) {
        let (mut facts, mut away) = (Vec::new(), Vec::new());
        for server in self.list() {
            if server.is_read(until).await {
                let table = server.table.borrow();
                facts.extend(table.all().map(|one| one.facts(server.client.name())));
            } else {
                away.push(server.away());
            }
        }
        (facts, away)
    }

    /// Returns the contacts of `endpoint`, and the server to send to; a server that is being read
    /// is waited for until `until`.
    pub async fn registration(
        &self,
        endpoint: &Endpoint,
        until: Instant,
    ) -> Result<Registration, Unavailable> {
        let mut away = None;
        let servers = self.list();
        if servers.is_empty() {
            return Err(Unavailable::NoServer);
        }
        for server in servers {
            if !server.is_read(until).await {
                away = Some(server.away());
                continue;
            }
            let contacts = server.table.borrow().contacts(endpoint).to_vec();
            if !contacts.is_empty() {
                let client = server.client;
                return Ok(Registration { client, contacts });
            }
        }
        let endpoint = endpoint.clone();
        Err(away.unwrap_or(Unavailable::NotRegistered { endpoint }))
    }

    fn select(&self, choose: impl Fn(&Table) -> Vec<&Contact>) -> Vec<RegistrationInfo> {
        let mut facts = Vec::new();
        for Server { client, table } in self.list() {
            let table = table.borrow();
            if table.is_current() {
                let chosen = choose(&table);
                facts.extend(chosen.iter().map(|one| one.facts(client.name())));
            }
        }
        facts
    }

    fn list(&self) -> Vec<Server> {
        // A list that only grows is whole whoever panicked.
        let servers = self.servers.read().unwrap_or_else(PoisonError::into_inner);
        servers.clone()
    }
}

impl Server {
    /// Waits until all was read, until `until` or until it is clear that nothing will come.
    async fn is_read(&self, until: Instant) -> bool {
        let (mut table, mut state) = (self.table.clone(), self.client.state());
        let is_final = async {
            // A client that is gone tells nothing either.
            let _ = state.wait_for(ami::State::is_final).await;
        };
        tokio::select! {
            biased;
            read = timeout_at(until, table.wait_for(Table::is_current)) => matches!(read, Ok(Ok(_))),
            () = is_final => false,
        }
    }

    fn away(&self) -> Unavailable {
        Unavailable::Away {
            server: self.client.name().to_owned(),
            reason: reason(&self.client.state().borrow()),
        }
    }
}

impl Default for Roster {
    fn default() -> Self {
        Self {
            servers: Arc::default(),
            arrivals: broadcast::channel(MAX_ARRIVALS).0,
        }
    }
}

impl fmt::Debug for Roster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers = self.list();
        f.debug_list()
            .entries(servers.iter().map(|server| server.client.name()))
            .finish()
    }
}

fn reason(state: &ami::State) -> String {
    match state {
        ami::State::Lost { reason, .. } | ami::State::Refused { reason } => reason.to_string(),
        ami::State::Stopped => "handsetd is stopping".to_owned(),
        ami::State::Connected(_) => "it does not tell who is registered".to_owned(),
        _ => "connecting".to_owned(),
    }
}

/// How many arrivals a listener may be behind; who is further behind takes all phones for come back.
const MAX_ARRIVALS: usize = 4096;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
