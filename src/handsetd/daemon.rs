//! The daemon: binds all sockets, then runs its tasks.
//!
//! This is the only module that knows all parts. All sockets are bound before any task starts, and
//! tasks stop in the opposite order: calls first, and the phone-facing HTTP server last, because a
//! phone may still fetch what it has just been sent.

mod action_urls;
mod ami_clients;
mod bind_admin;
mod channels;
mod cluster;
mod csta;
mod forms;
mod outbox_startup;
mod pages;
mod parts;
mod reload;
mod reloads;
mod rule_check;
mod rule_doubts;
mod rule_phones;
mod running;
mod settings;
mod start_event;

use std::future::Future;

use crate::config::Config;
use parts::Parts;
use running::Running;

pub(crate) use cluster::examine as examine_cluster;
pub(crate) use reloads::Reloads;
pub(crate) use rule_doubts::examine_rules;
pub(crate) use rule_phones::RulePhones;
pub(crate) use settings::delivery_settings;

/// A daemon with bound sockets and no running tasks.
#[derive(Debug)]
pub(crate) struct Daemon(Parts);

impl Daemon {
    /// Binds every address of `config`.
    pub(crate) async fn bind(config: Config) -> anyhow::Result<Self> {
        Parts::bind(config).await.map(Self)
    }

    /// Returns the address of the FastAGI server.
    #[cfg(feature = "simulator")]
    pub(crate) fn agi_address(&self) -> std::net::SocketAddr {
        self.0.agi.local_addr()
    }

    /// Serves until `stop` is done, then finishes what is in progress.
    ///
    /// Whenever `reloads` asks for it, the configuration is read again and replaces the current one, as far as
    /// that is possible without a restart.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>, reloads: Reloads) {
        let running = Running::start(self.0, reloads.sender()).await;
        running.serve(stop, reloads).await;
    }
}
