//! The SIP server: it binds the sockets of `[uacsta]`, and registers phones.

mod registrar;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use handset_net::tasks::Tasks;
use handset_sip::wire::Value;
use handset_sip::{BoundUserAgent, Limits, Listen, UserAgent};
use tokio::sync::mpsc;

use super::binding::BindingFile;
use super::config::Config;
use super::lookup::PhoneLookup;
use super::pace::Pace;
use super::report::Report;
use super::sessions::Sessions;
use super::shared::Shared;
use registrar::Registrar;

/// The bound sockets of `[uacsta]`.
#[derive(Debug)]
pub(crate) struct Server {
    agent: BoundUserAgent,
    file: BindingFile,
    direct: bool,
}

/// What a server works with.
#[derive(Debug)]
pub(crate) struct Services {
    pub(crate) sessions: Sessions,
    pub(crate) phones: Arc<dyn PhoneLookup>,
    pub(crate) reports: mpsc::Sender<Report>,
    /// The tasks of the sessions, which stop before those of the server.
    pub(crate) session_tasks: Tasks,
}

impl Server {
    /// Binds the sockets. Blocks while it reads the certificate.
    pub(crate) fn bind(config: &Config, state_dir: &Path) -> anyhow::Result<Self> {
        let tls = config.tls.as_ref().map(|files| files.load("uacsta.tls"));
        let tls = tls.transpose()?.map(Arc::new);
        let agent = UserAgent::bind(handset_sip::Config {
            listen: config.listen.clone(),
            allow: config.allow.clone(),
            tls,
            address: config.address,
            user: USER.to_owned(),
            user_agent: Value::lossy(concat!("handsetd/", env!("CARGO_PKG_VERSION"))),
            limits: Limits::default(),
        });
        Ok(Self {
            agent: agent.context("cannot serve [uacsta]")?,
            file: BindingFile::new(state_dir),
            direct: config.direct,
        })
    }

    /// Returns the bound addresses.
    pub(crate) fn listens(&self) -> &[Listen] {
        self.agent.listens()
    }

    /// Starts to register phones and to keep sessions, in tasks of `tasks`.
    pub(crate) async fn start(self, services: Services, tasks: &Tasks) {
        let (agent, incoming) = self.agent.start(tasks);
        let registrar = Registrar::open(services.sessions.clone(), self.file, &agent).await;
        let shared = Shared {
            agent,
            phones: services.phones,
            reports: services.reports,
            counters: services.sessions.counters(),
            direct: self.direct,
            pace: Pace::new(INTERVAL),
            tasks: services.session_tasks,
        };
        services.sessions.start(Arc::new(shared));
        tasks.spawn("csta registrar", registrar.run(incoming));
    }
}

/// The user part of our Contact.
const USER: &str = "handsetd";

/// The time between two attempts to open sessions: 10,000 phones have theirs after 20 seconds.
const INTERVAL: std::time::Duration = std::time::Duration::from_millis(2);
