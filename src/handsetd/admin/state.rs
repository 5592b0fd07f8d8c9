//! The state that the handlers share.

use std::net::SocketAddr;
use std::sync::Arc;

use handset_ami as ami;
use handset_net::tasks::Tasks;
use handset_phones::phone::States;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::accounts::Accounts;
use super::daemons::Daemons;
use super::favourites::Favourites;
use super::feed::EventFeed;
use super::idempotency::IdempotencyStore;
use super::interest::Interest;
use super::long_requests::LongRequests;
use super::reload_report::{LastReload, ReloadRequests};
use super::wrong_tokens::WrongTokens;
use crate::deliver::Courier;
use crate::dispatch::Dispatcher;
use crate::events::RulesHandle;
use crate::fleet::ClusterHealth;
use crate::history::History;
use crate::metrics::DeliveryMetrics;
use crate::pages::Pages;
use crate::resolver::PhoneResolver;

/// The services that the admin API and the web page expose.
#[derive(Clone, Debug)]
pub(crate) struct Services {
    pub(crate) dispatcher: Dispatcher,
    pub(crate) resolver: PhoneResolver,
    pub(crate) courier: Courier,
    pub(crate) history: History,
    pub(crate) metrics: DeliveryMetrics,
    pub(crate) pages: Pages,
    pub(crate) feed: EventFeed,
    pub(crate) rules: RulesHandle,
    pub(crate) reloads: ReloadRequests,
    pub(crate) last_reload: LastReload,
    pub(crate) favourites: Favourites,
    pub(crate) health: Health,
    pub(crate) daemons: Daemons,
    /// The activity of each phone.
    pub(crate) states: States,
    /// Runs requests that outlive their connection.
    pub(crate) tasks: Tasks,
}

/// The values behind the health endpoints.
#[derive(Clone, Debug)]
pub(crate) struct Health {
    /// The bound listeners by name.
    pub(crate) listeners: Vec<(&'static str, SocketAddr)>,
    /// The configured Asterisk servers.
    pub(crate) servers: watch::Receiver<Vec<ami::Client>>,
    /// The other daemons, if there are any.
    pub(crate) cluster: Option<Arc<dyn ClusterHealth>>,
    /// Cancelled once no new calls are accepted.
    pub(crate) stopping: CancellationToken,
}

/// The state of the router.
#[derive(Debug)]
pub(super) struct AppState {
    pub(super) services: Services,
    pub(super) accounts: Accounts,
    pub(super) wrong_tokens: WrongTokens,
    pub(super) transport: Transport,
    pub(super) idempotency: IdempotencyStore,
    pub(super) long_requests: Arc<LongRequests>,
    /// In what happens at other daemons.
    pub(super) interest: Interest,
}

/// How clients connect.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transport {
    /// Whether they use TLS.
    pub(super) is_encrypted: bool,
    /// The address of the server, if requests must name this machine as their host.
    pub(super) own_address: Option<SocketAddr>,
}

impl AppState {
    pub(super) fn new(
        services: Services,
        accounts: Accounts,
        transport: Transport,
        long_requests: LongRequests,
    ) -> Arc<Self> {
        let wrong_tokens = WrongTokens::new(services.tasks.clone());
        Arc::new(Self {
            services,
            accounts,
            wrong_tokens,
            transport,
            idempotency: IdempotencyStore::default(),
            long_requests: Arc::new(long_requests),
            interest: Interest::default(),
        })
    }
}
