//! The daemon: a configuration becomes bound sockets, then tasks, then nothing again.
//!
//! This is the only file that knows all parts. They are bound before anything starts, and stop in
//! the other order: calls first, and the phones' door last, since a phone that was told something a
//! moment ago still comes to fetch it.

mod ami_clients;
mod outbox_startup;
mod reload;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::{broadcast, mpsc};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use url::Url;

use ami_clients::AmiClients;
use outbox_startup::OpenedOutbox;
use reload::Reload;

use crate::admin::{EventFeed, Health};
use crate::config::Config;
use crate::content_store::ContentStore;
use crate::deliver::{self, Courier, PushCredentials};
use crate::dialplan::Dialplan;
use crate::dispatch::{self, Dispatcher};
use crate::events::{Events, RulesHandle};
use crate::history::History;
use crate::metrics::DeliveryMetrics;
use crate::resolver::PhoneResolver;
use crate::roster::Roster;
use crate::rules::{Engine, Fact};
use crate::{admin, phone_http};
use handset_agi as agi;
use handset_net::tasks::Tasks;
use handset_phones::phone::{Credentials, MacAddress, Vendor};

/// A daemon whose sockets are bound and that does nothing yet.
#[derive(Debug)]
pub struct Daemon {
    agi: agi::Server,
    http: phone_http::Server,
    admin: Option<(admin::Server, admin::Token)>,
    config: Config,
    courier: Courier,
    holding: OpenedOutbox,
    content_store: ContentStore,
    logins: PushCredentials,
    servers: Vec<ami_clients::Server>,
    roster: Roster,
    engine: Engine,
}

impl Daemon {
    /// Binds everything that `config` names.
    pub async fn bind(config: Config) -> anyhow::Result<Self> {
        let servers = servers(&config)?;
        let engine = engine(&config)?;
        let http = phone_http::Server::bind(config.http.clone())?;
        let agi = agi::Server::bind(config.agi.clone())?;
        let admin = administrators(&config)?;
        info!(door = "agi", address = %agi.local_addr(), "Listening.");
        info!(door = "http", address = %http.local_addr(), "Listening.");
        if let Some((admin, _)) = &admin {
            info!(door = "admin", address = %admin.local_addr(), "Listening.");
        }
        let content_store = ContentStore::default();
        let logins = PushCredentials::new(pairs(&config));
        let settings = settings(&config, http.local_addr());
        let roster = Roster::default();
        let parts = (content_store.clone(), logins.clone(), roster.clone());
        let state = config.state.dir.clone();
        let opening = move || (courier(settings, parts), OpenedOutbox::open(&state));
        let (courier, holding) = tokio::task::spawn_blocking(opening)
            .await
            .context("cannot read the state folder")?;
        let courier = courier?;
        Ok(Self {
            agi,
            http,
            admin,
            config,
            courier,
            holding,
            content_store,
            logins,
            servers,
            roster,
            engine,
        })
    }

    /// Returns the address that dialplans call.
    pub fn agi_address(&self) -> SocketAddr {
        self.agi.local_addr()
    }

    /// Returns the address of the phones' door.
    pub fn http_address(&self) -> SocketAddr {
        self.http.local_addr()
    }

    /// Returns the address of the administrator's door, if that is open.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(|(admin, _)| admin.local_addr())
    }

    /// Serves until `stop` is done, then finishes what is in hand.
    ///
    /// A configuration that comes by `reloads` takes over from the one before, as far as that is
    /// possible without a restart.
    pub async fn run(self, stop: impl Future<Output = ()>, mut reloads: mpsc::Receiver<Config>) {
        let (calls, managers, door) = (Tasks::new(), Tasks::new(), Tasks::new());
        let mut listeners = vec![("agi", self.agi_address()), ("http", self.http_address())];
        listeners.extend(self.admin_address().map(|address| ("admin", address)));
        let (listener, clients) = mpsc::channel(MAX_SERVERS);
        let mut servers = AmiClients::new(self.roster.clone(), managers.clone(), listener);
        servers.connect(self.servers).await;
        let vendors = self.config.vendors.clone();
        let defaults = move |vendor| vendors.defaults(vendor);
        let roster = self.roster;
        let resolver = PhoneResolver::new(self.config.directory.clone(), roster.clone(), defaults);
        let history = History::new(self.config.history);
        let OpenedOutbox {
            store,
            entries,
            damaged,
        } = self.holding;
        let metrics = DeliveryMetrics::default();
        let (dispatcher, dropped) = Dispatcher::new(
            dispatch::Services::new(
                resolver.clone(),
                self.courier.clone(),
                history.clone(),
                metrics.clone(),
                calls.clone(),
            ),
            store,
        );
        let (event_tap, tapped) = broadcast::channel(MAX_TAPPED);
        let (rules, queries) = RulesHandle::new();
        let parts = admin::Services {
            dispatcher: dispatcher.clone(),
            resolver: resolver.clone(),
            courier: self.courier,
            history: history.clone(),
            metrics: metrics.clone(),
            feed: EventFeed::new(),
            rules,
            health: Health {
                listeners,
                servers: servers.clients(),
                stopping: calls.stop(),
            },
            states: self.engine.states(),
            tasks: door.clone(),
        };
        let feed = parts.feed.clone();
        let changes = history.changes();
        door.spawn("feed", feed.run(tapped, changes, door.stop()));
        let events = Events {
            engine: self.engine,
            dispatcher: dispatcher.clone(),
            event_tap,
            tasks: calls.clone(),
        };
        let (listener, told) = mpsc::channel(MAX_ACTION_URLS);
        let (tell, facts) = mpsc::channel(MAX_ACTION_URLS);
        calls.spawn(
            "expired",
            outbox_startup::tell(dropped, tell.clone(), calls.stop()),
        );
        if let Some(damaged) = damaged {
            // The channel is new and empty.
            let _ = tell.try_send(damaged);
        }
        dispatcher.resume(entries, &roster);
        let (rules, engines) = mpsc::channel(1);
        calls.spawn("rules", async move {
            events.run(clients, facts, engines, queries).await;
        });
        let mut reload = Reload {
            config: self.config,
            resolver: resolver.clone(),
            history,
            logins: self.logins.clone(),
            rules,
            servers,
        };
        calls.spawn(
            "action urls",
            listen(told, resolver.clone(), tell, calls.stop()),
        );
        let dialplan = Dialplan {
            dispatcher,
            resolver: resolver.clone(),
            metrics,
            budget: reload.config.dialplan.budget,
        };
        calls.spawn("agi", self.agi.run(dialplan, calls.stop()));
        let (http, own) = (self.http, door.clone());
        door.spawn("http", async move {
            http.run(self.content_store, self.logins, listener, &own)
                .await;
        });
        if let Some((admin, token)) = self.admin {
            let own = door.clone();
            door.spawn("admin", async move { admin.run(parts, token, &own).await });
        }
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(config) = reloads.recv() => reload.apply(config).await,
            }
        }
        info!("Stopping: no new calls; finishing what is in hand.");
        if !calls.shut_down(GRACE).await {
            warn!(grace = ?GRACE, "Some deliveries did not end in time and were given up.");
        }
        managers.shut_down(LOG_OFF).await;
        sleep(LAST_FETCH).await;
        door.shut_down(LAST_FETCH).await;
        info!("Stopped.");
    }
}

/// Binds the administrator's door, and finds what opens it. Blocks for a moment.
///
/// Nobody asked for its usual address, so what else listens there, such as another daemon on this
/// machine, is no reason to leave the phones alone.
fn administrators(config: &Config) -> Result<Option<(admin::Server, admin::Token)>, admin::Error> {
    match admin::Server::bind(&config.admin) {
        Err(admin::Error::Bind { listen, source }) if config.admin.listen.is_none() => {
            warn!(
                address = %listen,
                error = %source,
                "The administrator's door stays closed; give it an address of its own: admin.listen."
            );
            Ok(None)
        }
        bound => Ok(Some((bound?, token(config)))),
    }
}

/// Returns what opens the administrator's door.
fn token(config: &Config) -> admin::Token {
    if let Some(token) = &config.admin.token {
        return admin::Token::new(token.clone());
    }
    let path = admin::Token::path(&config.state.dir);
    match admin::Token::load_or_generate(&config.state.dir) {
        Ok(token) => {
            info!(path = %path.display(), "No admin.token is configured; the one in this file is good.");
            token
        }
        Err(error) => {
            error!(
                path = %path.display(),
                %error,
                "No admin.token is configured, and none can be kept in the state folder (state.dir): \
                 nobody can come in by the administrator's door."
            );
            admin::Token::random()
        }
    }
}

/// Makes facts of what phones tell, under the names that they have for us.
async fn listen(
    mut told: mpsc::Receiver<phone_http::ActionUrlEvent>,
    resolver: PhoneResolver,
    tell: mpsc::Sender<Fact>,
    stop: CancellationToken,
) {
    loop {
        let url = tokio::select! {
            () = stop.cancelled() => return,
            url = told.recv() => url,
        };
        let Some(phone_http::ActionUrlEvent {
            vendor,
            event,
            peer,
            values,
        }) = url
        else {
            return;
        };
        let named = |name: &str| {
            let found = values.iter().find(|(known, _)| known == name);
            found.and_then(|(_, value)| resolver.name_at(value))
        };
        let ip = peer.ip().to_canonical().to_string();
        let phone = named("mac").or_else(|| resolver.name_at(&ip)).unwrap_or(ip);
        info!(%vendor, event, phone, "A phone tells.");
        let fact = Fact::of_phone(&event, &phone, values.clone());
        if tell.send(fact).await.is_err() {
            return;
        }
    }
}

/// Compiles the rules.
fn engine(config: &Config) -> anyhow::Result<Engine> {
    Engine::new(&config.rules).map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!(faults.join("; ")).context("cannot use a [[rule]]")
    })
}

/// Returns what deliveries need to know; phones come to `door`.
pub(crate) fn settings(config: &Config, door: SocketAddr) -> deliver::Config {
    deliver::Config {
        url: config.http.url.clone().or_else(|| own_url(door)),
        port: door.port(),
        screen_lifetime: config.http.screen_lifetime,
        media_lifetime: config.http.media_lifetime,
        folders: config.media.folders.clone(),
        hosts: config.media.hosts.clone(),
        media_dir: Some(config.state.dir.join("served")),
        call_manager: config.cucm.clone(),
        circuit_breaker: true,
    }
}

/// Returns the address of the phones' door where the configuration leaves no choice: the one that it
/// listens on. A door that is open on all addresses has another one for each route.
fn own_url(address: SocketAddr) -> Option<Url> {
    let only = !address.ip().is_unspecified();
    only.then(|| Url::parse(&format!("http://{address}")).ok())
        .flatten()
}

/// Creates the clients of the `[[asterisk]]` sections, which do not connect yet.
fn servers(config: &Config) -> anyhow::Result<Vec<ami_clients::Server>> {
    let servers = config.asterisk.iter().map(|server| {
        ami_clients::Server::new(server)
            .with_context(|| format!("cannot use [[asterisk]] {}", server.name))
    });
    servers.collect()
}

/// Opens the courier; a state folder that can't be used costs the next restart, not the service.
fn courier(
    settings: deliver::Config,
    (content_store, logins, roster): (ContentStore, PushCredentials, Roster),
) -> io::Result<Courier> {
    let folder = settings.media_dir.clone().unwrap_or_default();
    match Courier::open(
        settings.clone(),
        content_store.clone(),
        logins.clone(),
        roster.clone(),
    ) {
        Err(error) => {
            warn!(
                folder = %folder.display(),
                %error,
                "Cannot use the state folder (state.dir): phones can't fetch tones and backgrounds \
                 again after a restart."
            );
            Courier::open(
                deliver::Config {
                    media_dir: None,
                    ..settings
                },
                content_store,
                logins,
                roster,
            )
        }
        opened => opened,
    }
}

/// Collects the pairs that Cisco phones may bring back to the authentication URL.
fn pairs(config: &Config) -> Vec<(Option<MacAddress>, Credentials)> {
    let is_cisco = |vendor: Option<Vendor>| vendor.is_none_or(|vendor| vendor == Vendor::Cisco);
    let phones = config
        .directory
        .entries()
        .iter()
        .filter(|entry| is_cisco(entry.vendor));
    let own = phones.filter_map(|phone| Some((phone.mac, phone.credentials.clone()?)));
    let all = config
        .vendors
        .defaults(Vendor::Cisco)
        .credentials
        .map(|pair| (None, pair));
    own.chain(all).collect()
}

/// How long calls and deliveries in hand may take when the daemon stops.
const GRACE: Duration = Duration::from_secs(20);

/// How long taking leave of Asterisk may take.
const LOG_OFF: Duration = Duration::from_secs(2);

/// How many servers may wait for somebody who listens to their events.
const MAX_SERVERS: usize = 64;

/// How many action URLs may wait; phones tell a few in a call.
const MAX_ACTION_URLS: usize = 1024;

/// How many facts the administrator's door may be behind.
const MAX_TAPPED: usize = 4096;

/// How long the phones' door stays open after the last delivery.
const LAST_FETCH: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_on_one_address_has_that_address() {
        let url = |address: &str| own_url(address.parse().unwrap()).map(String::from);
        assert_eq!(
            url("192.0.2.10:8090").as_deref(),
            Some("http://192.0.2.10:8090/")
        );
        assert_eq!(
            url("[2001:db8::1]:80").as_deref(),
            Some("http://[2001:db8::1]/")
        );
        assert_eq!(url("0.0.0.0:8090"), None);
        assert_eq!(url("[::]:8090"), None);
    }
}
