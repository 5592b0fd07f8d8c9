//! Elects the daemon that acts on the events of an Asterisk server.
//!
//! The daemons that are connected to a server contend for a lease; its holder acts on the events. Servers of
//! the same name are the same server, unless their identities differ: then the configurations are wrong, and
//! each is led separately. While NATS is away, the daemon that acted continues, and after a while every other
//! daemon acts too, since it cannot know whether another one does.

mod identity;
mod role_tracker;

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use handset_ami::{self as ami, Client};
use handset_cluster::{Candidacy, Cluster, DaemonName, Leadership as Lease, PresenceChange};
use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::identity::ServerIdentity;
use self::role_tracker::RoleTracker;
use crate::fleet::{Leadership, Role};

/// The elections of all servers. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Election {
    cluster: Cluster,
    tasks: Tasks,
    led: Arc<LedServers>,
}

/// The servers that this daemon leads.
#[derive(Debug, Default)]
struct LedServers {
    names: Mutex<BTreeSet<String>>,
    changed: watch::Sender<()>,
}

impl Election {
    /// Creates elections, which run in `tasks`.
    pub(crate) fn new(cluster: Cluster, tasks: Tasks) -> Self {
        Self {
            cluster,
            tasks,
            led: Arc::default(),
        }
    }

    /// Returns whether this daemon acts on the events of a server.
    pub(crate) fn leads(&self, server: &str) -> bool {
        self.led.names.lock().contains(server)
    }

    /// Returns the names of the servers whose events this daemon acts on.
    pub(crate) fn led(&self) -> Vec<String> {
        self.led.names.lock().iter().cloned().collect()
    }

    /// Notifies whenever the set of servers that this daemon leads changes.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.led.changed.subscribe()
    }
}

impl Leadership for Election {
    fn contend(&self, server: &Client) -> watch::Receiver<Role> {
        let (role, receiver) = watch::channel(Role::Undecided);
        let contender = Contender {
            cluster: self.cluster.clone(),
            server: server.clone(),
            led: Arc::clone(&self.led),
            tracker: RoleTracker::new(Instant::now()),
            role,
            logged: None,
            warned: BTreeSet::new(),
        };
        let stop = self.tasks.stop();
        self.tasks.spawn("election", contender.run(stop));
        receiver
    }
}

/// The participation of this daemon in the election of one server.
struct Contender {
    cluster: Cluster,
    server: Client,
    led: Arc<LedServers>,
    tracker: RoleTracker,
    role: watch::Sender<Role>,
    logged: Option<LoggedRole>,
    /// The daemons with another server of the same name, for which a warning was logged.
    warned: BTreeSet<(String, String)>,
}

/// The role that was logged last.
#[derive(Debug, Eq, PartialEq)]
enum LoggedRole {
    Leads(u64),
    Follows(DaemonName),
}

impl Contender {
    async fn run(mut self, stop: CancellationToken) {
        let role = self.role.clone();
        tokio::select! {
            () = stop.cancelled() => {}
            () = role.closed() => {}
            () = self.follow_connections() => {}
        }
        self.withdraw();
    }

    /// Contends whenever the server is connected, until its client is stopped.
    async fn follow_connections(&mut self) {
        let mut connection = self.server.state();
        loop {
            let state = connection.borrow_and_update().clone();
            match state {
                ami::State::Stopped => return,
                ami::State::Connected(connected) => {
                    let since = connected.since;
                    let gone = async {
                        let is_other = |state: &ami::State| match state {
                            ami::State::Connected(connected) => connected.since != since,
                            _ => true,
                        };
                        // An error means that the client is gone.
                        let _ = connection.wait_for(is_other).await;
                    };
                    tokio::select! {
                        () = gone => {}
                        () = self.contend() => {}
                    }
                    self.withdraw();
                }
                _ => {
                    if connection.changed().await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Contends while the connection lasts; dropping this releases the lease.
    async fn contend(&mut self) {
        let own = identity::query(&self.server).await;
        let presence = self.cluster.presence();
        let key = identity::key_of(self.server.name());
        let announced = own
            .as_ref()
            .map_or_else(Bytes::new, ServerIdentity::to_bytes);
        // It is short.
        let _ = presence.set(&key, announced);
        let mut changes = presence.changes();
        let mut state = self.cluster.state();
        let mut candidacy: Option<(String, Candidacy)> = None;
        loop {
            let lease = self.lease(own.as_ref());
            if candidacy.as_ref().is_none_or(|(of, _)| *of != lease) {
                // The old lease is released first.
                drop(candidacy.take());
                let new = self.cluster.contend(&lease, Bytes::new());
                candidacy = Some((lease, new));
            }
            let Some((_, current)) = &candidacy else {
                return;
            };
            let mut held = current.leadership();
            let is_joined = state.borrow_and_update().is_joined();
            let known = held.borrow_and_update().clone();
            let next = self.update_role(is_joined, &known);
            tokio::select! {
                changed = state.changed() => if changed.is_err() { return },
                // The sender is gone: nothing changes until the cluster does.
                () = changed_or_never(&mut held) => {}
                () = identity_changed(&mut changes, &key) => {}
                () = sleep_until(next) => {}
            }
        }
    }

    /// Sets the role of this daemon; returns the latest time at which that must be repeated.
    fn update_role(&mut self, is_joined: bool, lease: &Lease) -> Instant {
        let (role, next) = self.tracker.update(is_joined, lease, Instant::now());
        self.log_role(role, is_joined, lease);
        self.role.send_replace(role);
        let is_led = matches!(role, Role::Leads { .. });
        self.led.set(self.server.name(), is_led);
        next
    }

    /// Logs which daemon acts on the events from now on, if that has changed.
    fn log_role(&mut self, role: Role, is_joined: bool, lease: &Lease) {
        let new = match (role, lease) {
            (Role::Leads { term, .. }, _) => LoggedRole::Leads(term),
            (Role::Follows, Lease::Other { daemon, .. }) => LoggedRole::Follows(daemon.clone()),
            _ => return,
        };
        if self.logged.as_ref() == Some(&new) {
            return;
        }
        let server = self.server.name();
        match (&new, role) {
            (LoggedRole::Follows(daemon), _) => {
                info!(server, %daemon, "Another daemon acts on the events of this Asterisk.");
            }
            (_, Role::Leads { .. }) if !is_joined => warn!(
                server,
                "The other daemons are away: this one acts on the events of this Asterisk, too."
            ),
            (_, Role::Leads { gap: Some(gap), .. }) => warn!(
                server,
                ?gap,
                "This daemon has taken over the events of this Asterisk from another daemon."
            ),
            _ => info!(server, "This daemon acts on the events of this Asterisk."),
        }
        self.logged = Some(new);
    }

    /// Returns the lease to contend for, and warns of different servers of the same name.
    fn lease(&mut self, own: Option<&ServerIdentity>) -> String {
        let name = self.server.name();
        let known = self.cluster.presence().find(&identity::key_of(name));
        let others = known
            .into_iter()
            .filter(|(daemon, _)| daemon != self.cluster.name());
        let others: Vec<_> = others
            .filter_map(|(daemon, value)| Some((daemon, ServerIdentity::from_bytes(&value)?)))
            .collect();
        if let Some(own) = own {
            for (daemon, other) in others.iter().filter(|(_, other)| other != own) {
                let pair = (daemon.to_string(), other.to_string());
                if self.warned.insert(pair) {
                    warn!(
                        server = name,
                        %daemon,
                        own = %own,
                        other = %other,
                        "Another daemon has another Asterisk of the same name: their phones are taken for the \
                         same. Give one of them another name in its [[asterisk]]. Until then, each acts on \
                         its events."
                    );
                }
            }
        }
        // A server of unknown identity is taken to be the one that others have.
        let meant = own.or_else(|| others.first().map(|(_, other)| other));
        meant.map_or_else(|| name.to_owned(), |meant| format!("{name} {meant}"))
    }

    /// Neither acts nor contends.
    fn withdraw(&mut self) {
        self.tracker.disconnect();
        self.role.send_replace(Role::Undecided);
        self.led.set(self.server.name(), false);
        self.cluster
            .presence()
            .remove(&identity::key_of(self.server.name()));
    }
}

impl LedServers {
    fn set(&self, server: &str, is_led: bool) {
        let mut names = self.names.lock();
        let is_changed = if is_led {
            names.insert(server.to_owned())
        } else {
            names.remove(server)
        };
        drop(names);
        if is_changed {
            self.changed.send_replace(());
        }
    }
}

async fn changed_or_never(lease: &mut watch::Receiver<Lease>) {
    if lease.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Waits until daemons may have announced other identities of the server.
async fn identity_changed(changes: &mut broadcast::Receiver<PresenceChange>, server: &str) {
    loop {
        match changes.recv().await {
            Ok(PresenceChange::Key { key, .. }) if *key != *server => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
