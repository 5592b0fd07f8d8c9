//! The running daemon: its tasks, and the order in which they stop.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use handset_agi::LogThrottle;
use handset_net::tasks::Tasks;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::ami_clients::AmiClients;
use super::channels::channels;
use super::cluster::{OtherDaemons, Served};
use super::csta;
use super::outbox_startup::OpenedOutbox;
use super::parts::Parts;
use super::reload::Reload;
use super::reloads::Reloads;
use super::rule_check::RuleCheck;
use super::rule_phones::RulePhones;
use super::start_event::Startup;
use super::{action_urls, outbox_startup, pages};
use crate::admin::{self, EventFeed, Health, ReloadRequests};
use crate::config::Config;
use crate::content_store::ContentStore;
use crate::deliver::PushCredentials;
use crate::dialplan::Dialplan;
use crate::dispatch::{self, Dispatcher};
use crate::events::{EndedDeliveries, Events, RulesHandle};
use crate::history::{History, HistoryPlace};
use crate::metrics::DeliveryMetrics;
use crate::outbox::Store;
use crate::page_names::PageNames;
use crate::phone_http::{self, EventSender, PageRoutes};
use crate::resolver::PhoneResolver;
use crate::scheduler::Scheduler;
use crate::uacsta;

/// The tasks of a daemon, in the order in which they stop.
pub(super) struct Running {
    /// Calls, rules and deliveries.
    calls: Tasks,
    /// Connections to Asterisk.
    asterisk: Tasks,
    /// CSTA sessions.
    sessions: Tasks,
    /// The SIP server, which sessions end over.
    sip: Tasks,
    /// The HTTP servers, which phones fetch from until the end.
    http: Tasks,
    /// `None` if it cannot be used.
    outbox: Option<Store>,
    others: OtherDaemons,
    reload: Reload,
}

impl Running {
    /// Spawns all tasks.
    #[expect(
        clippy::too_many_lines,
        reason = "one list of all parts, in the order in which they start"
    )]
    pub(super) async fn start(parts: Parts, reloads: ReloadRequests) -> Self {
        let (calls, asterisk, http) = (Tasks::new(), Tasks::new(), Tasks::new());
        let (sessions, sip) = (Tasks::new(), Tasks::new());
        let (senders, receivers) = channels();
        let listeners = listeners(&parts);
        let roster = parts.roster;
        let mut ami_clients = AmiClients::new(roster.clone(), asterisk.clone(), senders.servers);
        ami_clients.connect(parts.asterisk).await;

        let resolver = PhoneResolver::new(
            Arc::clone(&parts.config.directory),
            roster.clone(),
            parts.config.vendors.clone(),
        )
        .with_sessions(parts.sessions.clone());
        let history = open_history(&parts.config, &parts.outbox);
        let metrics = DeliveryMetrics::default();
        let outbox = parts.outbox;
        // Before a request can come.
        let names = parts.config.pages.iter().map(|page| page.name.to_string());
        let page_names = PageNames::new(names);
        let services = dispatch::Services::new(
            resolver.clone(),
            parts.courier.clone(),
            history.clone(),
            metrics.clone(),
            page_names.clone(),
            calls.clone(),
        );
        let services = match &parts.others.routes {
            Some(routes) => services.with_routes(Arc::clone(routes)),
            None => services,
        };
        let store = outbox.store.as_ref().ok().cloned();
        let started = parts
            .others
            .start_outbox(outbox.store, outbox.entries, &resolver);
        let (dispatcher, expired) = Dispatcher::new(services, started.storage);
        if let Some(damaged) = outbox.damaged {
            // The channel is new and empty.
            let _ = senders.facts.try_send(damaged);
        }
        let facts = senders.facts.clone();
        let forward = outbox_startup::forward_expired(expired, facts, calls.stop());
        calls.spawn("expired", forward);
        // Before anything can end.
        let deliveries = EndedDeliveries::new(history.clone(), &parts.engine);
        dispatcher.resume(started.entries, &roster);
        if let Some(changes) = started.changes {
            dispatcher.follow(changes);
        }
        let bus_tap = parts.others.serve(Served {
            dispatcher: dispatcher.clone(),
            resolver: resolver.clone(),
            history: history.clone(),
            #[cfg(feature = "cluster")]
            outbox: started.cluster,
            tasks: calls.clone(),
        });

        let (rules, queries) = RulesHandle::new();
        let states = parts.engine.states();
        senders.schedules.send_replace(parts.engine.schedules());
        let scheduler = Scheduler::new(&parts.config.state.dir, parts.others.claims.clone());
        let facts = senders.facts.clone();
        let scheduling = scheduler.run(receivers.schedules, facts, calls.stop());
        calls.spawn("schedules", scheduling);
        let facts = senders.facts.clone();
        let read = Arc::default();
        let startup = Startup {
            check: RuleCheck {
                config: Arc::clone(&parts.config),
                clients: ami_clients.clients().borrow().clone(),
                roster: roster.clone(),
                resolver: resolver.clone(),
                rules: rules.clone(),
                read: Arc::clone(&read),
            },
        };
        calls.spawn("start", startup.run(facts, calls.stop()));
        let events = Events {
            engine: parts
                .engine
                .with_phones(Arc::new(RulePhones(resolver.clone()))),
            dispatcher: dispatcher.clone(),
            event_tap: senders.event_tap,
            bus_tap,
            leadership: parts.others.leadership.clone(),
            deliveries,
            servers: ami_clients.clients(),
            tasks: calls.clone(),
        };
        let (servers, facts, engines) = (receivers.servers, receivers.facts, receivers.engines);
        calls.spawn("rules", events.run(servers, facts, engines, queries));
        let targets = csta::ReportTargets {
            facts: senders.facts.clone(),
            states: states.clone(),
            roster: roster.clone(),
        };
        let receive = csta::receive(receivers.reports, targets, calls.stop());
        calls.spawn("csta reports", receive);
        if let Some(server) = parts.uacsta {
            let phones = csta::CstaPhones {
                resolver: resolver.clone(),
                networks: parts.networks.clone(),
            };
            let services = uacsta::Services {
                sessions: parts.sessions.clone(),
                phones: Arc::new(phones),
                reports: senders.reports,
                session_tasks: sessions.clone(),
            };
            server.start(services, &sip).await;
        }
        let form_facts = senders.facts.clone();
        let (facts, urls) = (senders.facts, receivers.action_urls);
        let receive = action_urls::receive(urls, resolver.clone(), facts, calls.stop());
        calls.spawn("action urls", receive);
        let dialplan = Dialplan {
            dispatcher: dispatcher.clone(),
            resolver: resolver.clone(),
            metrics: metrics.clone(),
            budget: parts.config.dialplan.budget,
            unreported: LogThrottle::default(),
        };
        calls.spawn("agi", parts.agi.run(dialplan, calls.stop()));
        let (content, credentials) = (parts.content_store, parts.push_credentials.clone());
        let (pages, page_routes) = pages::start(
            (&*parts.config, page_names),
            (&parts.courier, &content),
            (&resolver, &parts.networks, states.clone()),
            form_facts,
            &calls,
        );
        let action_urls = senders.action_urls;
        let sources = (credentials, action_urls, page_routes);
        spawn_http(&http, parts.http, content, sources);
        let feed = EventFeed::new();
        let changes = history.changes();
        http.spawn(
            "feed",
            feed.clone().run(receivers.event_tap, changes, http.stop()),
        );
        let accounts = parts.admin.as_ref().map(|(_, accounts)| accounts.clone());
        let (reported, last_reload) = watch::channel(None);
        let services = admin::Services {
            dispatcher,
            resolver: resolver.clone(),
            courier: parts.courier,
            history: history.clone(),
            metrics,
            pages: pages.clone(),
            feed,
            rules: rules.clone(),
            reloads,
            last_reload,
            daemons: admin::Daemons::new(parts.others.peers.clone()),
            favourites: admin::Favourites::new(&parts.config.state.dir),
            health: Health {
                listeners,
                cluster: parts.others.health.clone(),
                servers: ami_clients.clients(),
                stopping: calls.stop(),
            },
            states,
            tasks: http.clone(),
        };
        // Also where there is no [admin]: the pages of other daemons show this one.
        let answers = admin::Answers::new(services.clone());
        parts.others.answer(Arc::new(answers), &http);
        if let Some((server, accounts)) = parts.admin {
            spawn_admin(&http, server, accounts, services);
        }
        let reload = Reload {
            config: parts.config,
            resolver,
            history,
            networks: parts.networks,
            pages,
            push_credentials: parts.push_credentials,
            rules: senders.engines,
            rules_handle: rules,
            schedules: senders.schedules,
            ami_clients,
            accounts,
            roster,
            sessions: parts.sessions,
            read,
            reported,
            tasks: calls.clone(),
        };
        Self {
            calls,
            asterisk,
            sessions,
            sip,
            http,
            outbox: store,
            others: parts.others,
            reload,
        }
    }

    /// Reads the configuration again whenever `reloads` asks for it, until `stop` is done; then finishes what is
    /// in progress.
    pub(super) async fn serve(mut self, stop: impl Future<Output = ()>, mut reloads: Reloads) {
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                (request, loaded) = reloads.next() => {
                    let report = self.reload.apply(loaded).await;
                    // The client that asked may have disconnected.
                    let _ = request.send(report);
                }

            }
        }
        info!("Stopping: accepting no calls, finishing deliveries in progress.");
        if !self.calls.shut_down(GRACE_PERIOD).await {
            warn!(grace = ?GRACE_PERIOD, "Some deliveries did not finish in time and were cancelled.");
        }
        // Nothing is written any more. If this fails, it is logged, and the log stays.
        if let Some(outbox) = &self.outbox {
            let _ = timeout(CHECKPOINT_TIMEOUT, outbox.checkpoint()).await;
        }
        let _ = timeout(CHECKPOINT_TIMEOUT, self.reload.history.flush()).await;
        self.others.leave().await;
        self.sessions.shut_down(HANG_UP_TIMEOUT).await;
        self.sip.shut_down(LOG_OFF_TIMEOUT).await;
        self.asterisk.shut_down(LOG_OFF_TIMEOUT).await;
        sleep(LAST_FETCH_DELAY).await;
        self.http.shut_down(LAST_FETCH_DELAY).await;
        info!("Stopped.");
    }
}

/// Opens the history in the state directory.
fn open_history(config: &Config, outbox: &OpenedOutbox) -> History {
    let continued = outbox.entries.iter().map(|stored| {
        let entry = &stored.entry;
        (entry.id.clone(), entry.phone.clone())
    });
    let place = HistoryPlace {
        file: config.state.dir.join("history.sqlite"),
        continued: continued.collect(),
        has_cluster: config.cluster.is_some(),
    };
    History::open(config.history, place)
}

/// Returns the name and the address of each bound server.
fn listeners(parts: &Parts) -> Vec<(&'static str, SocketAddr)> {
    let mut listeners = vec![
        ("agi", parts.agi.local_addr()),
        ("http", parts.http.local_addr()),
    ];
    let admin = parts.admin.as_ref().map(|(admin, _)| admin.local_addr());
    listeners.extend(admin.map(|address| ("admin", address)));
    listeners
}

fn spawn_http(
    tasks: &Tasks,
    server: phone_http::Server,
    content_store: ContentStore,
    (push_credentials, action_urls, pages): (PushCredentials, EventSender, PageRoutes),
) {
    let own = tasks.clone();
    tasks.spawn("http", async move {
        server
            .run(
                content_store,
                push_credentials,
                action_urls,
                Some(pages),
                &own,
            )
            .await;
    });
}

fn spawn_admin(
    tasks: &Tasks,
    server: admin::Server,
    accounts: admin::Accounts,
    services: admin::Services,
) {
    let own = tasks.clone();
    tasks.spawn("admin", async move {
        server.run(services, accounts, &own).await;
    });
}

/// How long calls and deliveries in progress may take when the daemon stops.
const GRACE_PERIOD: Duration = Duration::from_secs(20);

/// How long a slow disk may take to empty the log of the outbox, and to write the history.
const CHECKPOINT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long ending the CSTA sessions may take: a phone has two seconds to answer `MonitorStop` and BYE.
const HANG_UP_TIMEOUT: Duration = Duration::from_secs(3);

/// How long logging off from Asterisk may take.
const LOG_OFF_TIMEOUT: Duration = Duration::from_secs(2);

/// How long phones may fetch content after the last delivery.
const LAST_FETCH_DELAY: Duration = Duration::from_millis(500);
