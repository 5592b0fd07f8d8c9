//! The registrations of all Asterisk servers, kept up to date.
//!
//! [`Roster`] is a handle. Behind it, one task per server loads all contacts on each new connection and
//! then follows events; the table itself has no I/O. The roster is what Asterisk knows;
//! [`handset_phones::phone`] joins that with the configuration.

mod contact;
mod hidden_events;
mod identity;
mod inquiry;
mod origin;
mod query_queue;
mod question;
mod registered;
mod reported;
mod rights;
mod sccp_lines;
mod sync;
mod table;
mod unavailable;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::join_all;
use handset_ami::Client;
use handset_net::tasks::Tasks;
use handset_phones::phone::{
    Endpoint, MacAddress, Registered as Lookup, RegistrationInfo, ServerName, Technology,
};
use parking_lot::RwLock;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, timeout_at};
use tracing::error;

pub use contact::Contact;
pub(crate) use contact::Reach;
use identity::Identity;
pub(crate) use origin::CallOrigin;
use question::Question;
pub(crate) use registered::Registered;
use sync::ContactSync;
use table::Table;
pub(crate) use unavailable::{Absence, Unavailable};

/// The registrations of all servers. Cheap to clone; clones share their contents.
#[derive(Clone)]
pub(crate) struct Roster {
    servers: Arc<RwLock<Vec<Server>>>,
    arrivals: broadcast::Sender<Registered>,
}

#[derive(Clone)]
struct Server {
    name: ServerName,
    client: Client,
    table: watch::Receiver<Table>,
    questions: mpsc::Sender<Question>,
    identity: Identity,
}

/// Where to send to a registered endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    /// The server that it is registered with.
    pub client: Client,
    /// The contacts of the endpoint there; at least one.
    pub contacts: Vec<Contact>,
}

impl Roster {
    /// Loads the registrations of a server, and follows it until `tasks` stop.
    pub(crate) fn follow(&self, client: Client, tasks: &Tasks) {
        let Ok(name) = client.name().parse() else {
            error!(
                server = client.name(),
                "Cannot follow a server of this name."
            );
            return;
        };
        let (table, readable) = watch::channel(Table::default());
        let (questions, asked) = mpsc::channel(MAX_QUESTIONS);
        let server = Server {
            name,
            client: client.clone(),
            table: readable,
            questions,
            identity: Identity::default(),
        };
        self.servers.write().push(server);
        let stop = tasks.stop();
        let sync = ContactSync::new(client, table, self.arrivals.clone(), asked);
        tasks.spawn("roster", async move {
            tokio::select! {
                () = sync.run() => (),
                () = stop.cancelled() => (),
            }
        });
    }

    /// Returns whether any server is followed.
    pub(crate) fn follows_any(&self) -> bool {
        !self.list().is_empty()
    }

    /// Returns the name of a server, or those of all, in the order of the configuration.
    pub(crate) fn server_names(&self, server: Option<&ServerName>) -> Vec<String> {
        let servers = self.of(server).into_iter();
        servers.map(|server| server.name.to_string()).collect()
    }

    /// Subscribes to phones that register from now on. Each may be announced several times.
    pub(crate) fn arrivals(&self) -> broadcast::Receiver<Registered> {
        self.arrivals.subscribe()
    }

    /// Announces a phone that is reachable again in another way.
    pub(crate) fn announce(&self, registered: Registered) {
        // There may be no receiver.
        let _ = self.arrivals.send(registered);
    }

    /// Removes a server and its registrations.
    pub(crate) fn forget(&self, server: &str) {
        self.servers
            .write()
            .retain(|known| known.client.name() != server);
    }

    /// Returns the phones of `endpoint` of a server, or of all of them, one for each contact; empty if
    /// there currently are none. A phone that registers with several servers is one.
    pub(crate) fn registrations(
        &self,
        endpoint: &Endpoint,
        server: Option<&ServerName>,
    ) -> Vec<RegistrationInfo> {
        let mut phones: Vec<RegistrationInfo> = Vec::new();
        for info in self.select(server, |table| table.contacts(endpoint).iter().collect()) {
            let is_known = |known: &RegistrationInfo| {
                known.server != info.server && known.is_same_phone(&info)
            };
            if !phones.iter().any(is_known) {
                phones.push(info);
            }
        }
        phones
    }

    /// Returns whether a phone of `endpoint` is registered with a server, or with any.
    pub(crate) fn knows(&self, endpoint: &Endpoint, server: Option<&ServerName>) -> bool {
        self.of(server).iter().any(|server| {
            let table = server.table.borrow();
            table.is_current() && !table.contacts(endpoint).is_empty()
        })
    }

    /// Returns how many registrations of `endpoint` were announced by events of a server, or of all.
    pub(crate) fn registration_count(
        &self,
        endpoint: &Endpoint,
        server: Option<&ServerName>,
    ) -> u64 {
        self.of(server).iter().fold(0, |sum: u64, server| {
            sum.wrapping_add(server.table.borrow().registration_count(endpoint))
        })
    }

    /// Returns the phones with this IP or MAC address. A phone at the address hides those that only
    /// call themselves so behind a NAT.
    pub(crate) fn find(&self, text: &str) -> Vec<RegistrationInfo> {
        if let Ok(mac) = text.parse::<MacAddress>() {
            return self.select(None, |table| {
                table
                    .all()
                    .filter(|contact| contact.mac() == Some(mac))
                    .collect()
            });
        }
        match text.parse::<IpAddr>() {
            Ok(ip) => {
                let ip = Some(ip.to_canonical());
                let at = |address: fn(&Contact) -> Option<IpAddr>| {
                    self.select(None, |table| {
                        let all = table.all();
                        all.filter(|contact| address(contact) == ip).collect()
                    })
                };
                let found = at(|contact| contact.address);
                if found.is_empty() {
                    at(|contact| contact.own)
                } else {
                    found
                }
            }
            Err(_) => Vec::new(),
        }
    }

    /// Returns all phones, and the servers that are unavailable. Waits until `until` for servers that
    /// are still loading.
    pub(crate) async fn all(&self, until: Instant) -> (Vec<RegistrationInfo>, Vec<Unavailable>) {
        let (mut phones, mut unavailable) = (Vec::new(), Vec::new());
        for server in self.list() {
            if server.is_loaded(until).await {
                let table = server.table.borrow();
                phones.extend(table.all().map(|contact| contact.to_info(&server.name)));
            } else {
                unavailable.push(server.unavailable());
            }
        }
        (phones, unavailable)
    }

    /// Returns the contacts of `endpoint` of a server, or of the first that has any, and the server to
    /// send to. Waits until `until` for servers that are still loading.
    pub(crate) async fn registration(
        &self,
        endpoint: &Endpoint,
        server: Option<&ServerName>,
        until: Instant,
    ) -> Result<Registration, Unavailable> {
        let mut disconnected = None;
        let servers = self.of(server);
        if self.list().is_empty() {
            return Err(Unavailable::NoServer);
        }
        for server in servers {
            if !server.is_loaded(until).await {
                disconnected = Some(server.unavailable());
                continue;
            }
            let contacts = server.table.borrow().contacts(endpoint).to_vec();
            if !contacts.is_empty() {
                let client = server.client;
                return Ok(Registration { client, contacts });
            }
        }
        let endpoint = endpoint.clone();
        Err(disconnected.unwrap_or(Unavailable::NotRegistered { endpoint }))
    }

    /// Waits until all servers are loaded or known to be away, at most until `until`.
    pub(crate) async fn settle(&self, until: Instant) {
        let servers = self.list();
        join_all(servers.iter().map(|server| server.is_loaded(until))).await;
    }

    fn select(
        &self,
        server: Option<&ServerName>,
        choose: impl Fn(&Table) -> Vec<&Contact>,
    ) -> Vec<RegistrationInfo> {
        let mut phones = Vec::new();
        for Server { name, table, .. } in self.of(server) {
            let table = table.borrow();
            if table.is_current() {
                let chosen = choose(&table);
                phones.extend(chosen.iter().map(|contact| contact.to_info(&name)));
            }
        }
        phones
    }

    /// Returns a server, or all of them.
    fn of(&self, server: Option<&ServerName>) -> Vec<Server> {
        let mut servers = self.list();
        servers.retain(|known| server.is_none_or(|server| known.name == *server));
        servers
    }

    fn list(&self) -> Vec<Server> {
        self.servers.read().clone()
    }
}

impl Lookup for Roster {
    fn endpoint(&self, name: &str, server: Option<&ServerName>) -> Option<Endpoint> {
        let technologies = [Technology::Pjsip, Technology::Sip, Technology::Sccp];
        let named = technologies.map(|technology| Endpoint::new(technology, name).ok());
        let registered = named
            .into_iter()
            .flatten()
            .filter(|named| self.knows(named, server));
        let registered: Vec<_> = registered.collect();
        // A desk phone of one technology may have a softphone of another beside it.
        let is_phone = |endpoint: &&Endpoint| {
            let mut infos = self.registrations(endpoint, server).into_iter();
            infos.any(|info| info.identity.is_some())
        };
        let phone = registered.iter().find(is_phone);
        phone.or_else(|| registered.first()).cloned()
    }

    fn desk_phones(&self) -> Vec<(ServerName, Endpoint)> {
        let phones = self.select(None, |table| {
            let all = table.all();
            all.filter(|contact| contact.identity().is_some() && !contact.is_further_line)
                .collect()
        });
        let mut endpoints: Vec<_> = phones
            .into_iter()
            .filter_map(|info| Some((info.server?, info.endpoint?)))
            .collect();
        endpoints.sort_by_cached_key(|(server, endpoint)| (endpoint.to_string(), server.clone()));
        endpoints.dedup();
        endpoints
    }

    fn has(&self, endpoint: &Endpoint, server: &ServerName) -> bool {
        self.of(Some(server))
            .iter()
            .any(|server| server.table.borrow().has(endpoint))
    }

    fn is_one_phone(&self, endpoint: &Endpoint, servers: [&ServerName; 2]) -> bool {
        let infos = |server: &ServerName| -> Vec<RegistrationInfo> {
            let servers = self.of(Some(server));
            let of_server = |known: &Server| -> Vec<_> {
                let table = known.table.borrow();
                let contacts = table.contacts(endpoint).iter();
                contacts
                    .map(|contact| contact.to_info(&known.name))
                    .collect()
            };
            servers.iter().flat_map(of_server).collect()
        };
        let [one, other] = servers.map(infos);
        // A softphone may be registered with one of them only.
        let is_within = |some: &[RegistrationInfo], all: &[RegistrationInfo]| {
            let is_known = |info: &RegistrationInfo| all.iter().any(|own| own.is_same_phone(info));
            !some.is_empty() && some.iter().all(is_known)
        };
        is_within(&one, &other) || is_within(&other, &one)
    }
}

impl Server {
    /// Waits until all registrations are loaded, until `until`, or until it is clear that they will not
    /// be; returns whether they are.
    async fn is_loaded(&self, until: Instant) -> bool {
        let (mut table, mut state) = (self.table.clone(), self.client.state());
        let settled = table.wait_for(|table| table.is_current() || table.obstacle().is_some());
        let is_away = async {
            // A dropped client is away, too.
            let _ = state.wait_for(|state| state.is_away_until(until)).await;
        };
        tokio::select! {
            biased;
            read = timeout_at(until, settled) => {
                read.is_ok_and(|read| read.is_ok_and(|table| table.is_current()))
            }
            () = is_away => false,
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

/// How many arrivals a subscriber may lag; beyond that it assumes that any phone may have registered.
const MAX_ARRIVALS: usize = 4096;

/// How many questions to one server may wait; further ones wait for a place.
const MAX_QUESTIONS: usize = 256;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
