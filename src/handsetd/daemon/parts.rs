//! The bound sockets, opened files and compiled rules of a daemon that is not running yet.

use std::sync::Arc;

use anyhow::Context;
use handset_agi as agi;
use tracing::info;

use super::ami_clients;
use super::bind_admin::bind_admin;
use super::cluster::{self, OtherDaemons};
use super::csta;
use super::outbox_startup::OpenedOutbox;
use super::settings;
use crate::config::Config;
use crate::content_store::ContentStore;
use crate::deliver::{Courier, PushCredentials};
use crate::phone_networks::PhoneNetworks;
use crate::roster::Roster;
use crate::rules::Engine;
use crate::uacsta::Sessions;
use crate::{admin, phone_http, uacsta};

/// Everything that can fail at start-up.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) agi: agi::Server,
    pub(super) http: phone_http::Server,
    pub(super) admin: Option<(admin::Server, admin::Accounts)>,
    pub(super) config: Arc<Config>,
    pub(super) courier: Courier,
    pub(super) outbox: OpenedOutbox,
    pub(super) content_store: ContentStore,
    pub(super) push_credentials: PushCredentials,
    pub(super) asterisk: Vec<ami_clients::Server>,
    pub(super) networks: PhoneNetworks,
    pub(super) roster: Roster,
    pub(super) engine: Engine,
    pub(super) sessions: Sessions,
    pub(super) uacsta: Option<uacsta::Server>,
    pub(super) others: OtherDaemons,
}

impl Parts {
    /// Binds every address of `config`, opens the state directory, and begins to join the other daemons.
    pub(super) async fn bind(config: Config) -> anyhow::Result<Self> {
        let asterisk = settings::asterisk_configs(&config)?;
        let engine = settings::engine(&config)?;
        let http = phone_http::Server::bind(config.http.clone())?;
        let mut agi_config = config.agi.clone();
        agi_config.session_timeout = agi_config
            .session_timeout
            .min(config.dialplan.max_session());
        let agi = agi::Server::bind(agi_config)?;
        let admin = bind_admin(&config)?;
        info!(server = "agi", address = %agi.local_addr(), "Listening.");
        info!(server = "http", address = %http.local_addr(), "Listening.");
        if let Some((admin, _)) = &admin {
            info!(server = "admin", address = %admin.local_addr(), "Listening.");
        }
        let content_store = ContentStore::default();
        let push_credentials = PushCredentials::new(settings::cisco_credentials(&config));
        let roster = Roster::default();
        let (sessions, uacsta) = match &config.uacsta {
            Some(section) => {
                let server = uacsta::Server::bind(section, &config.state.dir)?;
                for listen in server.listens() {
                    info!(server = "uacsta", address = %listen, "Listening.");
                }
                (
                    Sessions::new(csta::accounts(&config.directory)),
                    Some(server),
                )
            }
            None => (Sessions::default(), None),
        };
        let networks = PhoneNetworks::new(&config.phones);
        let delivery_settings =
            settings::delivery_settings(&config, http.local_addr(), networks.clone());
        let shared = (
            content_store.clone(),
            push_credentials.clone(),
            roster.clone(),
            sessions.clone(),
        );
        let state = config.state.dir.clone();
        let open = move || {
            let courier = settings::open_courier(delivery_settings, shared);
            (courier, OpenedOutbox::open(&state))
        };
        let (courier, outbox) = tokio::task::spawn_blocking(open)
            .await
            .context("cannot read the state directory")?;
        let others = cluster::join(&config).await?;
        Ok(Self {
            agi,
            http,
            admin,
            config: Arc::new(config),
            courier: courier?,
            outbox,
            content_store,
            push_credentials,
            asterisk,
            networks,
            roster,
            engine,
            sessions,
            uacsta,
            others,
        })
    }
}
