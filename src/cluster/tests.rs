//! Tests with real NATS servers.

mod failure;
mod leases;
mod logins;
mod membership;
mod messages;
mod presence;
mod queue;
mod settings;

use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use handset_net::tasks::Tasks;
use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::shared::Shared;
use crate::testing::NatsServers;
use crate::{Cluster, Config, Identity, Replicas, Timing};

/// A daemon of a cluster, in a runtime of its own: dropping it acts like `kill -9`.
pub(super) struct Daemon {
    pub(super) cluster: Cluster,
    pub(super) tasks: Tasks,
    runtime: Option<Runtime>,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Daemon {
    /// Starts a daemon.
    pub(super) fn start(servers: &NatsServers, name: &str, identity: Identity) -> Self {
        Self::start_with(config(servers, name), identity)
    }

    pub(super) fn start_with(config: Config, identity: Identity) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let guard = runtime.enter();
        let tasks = Tasks::new();
        let cluster = Cluster::start(config, identity, &tasks);
        drop(guard);
        Self {
            cluster,
            tasks,
            runtime: Some(runtime),
        }
    }

    /// Calls a function that starts tasks, which end when this daemon is killed.
    pub(super) fn run<T>(&self, call: impl FnOnce(&Cluster) -> T) -> T {
        let _guard = self.runtime.as_ref().map(Runtime::enter);
        call(&self.cluster)
    }

    pub(super) fn shared(&self) -> &Shared {
        self.cluster.shared()
    }

    /// Starts a daemon and waits until it has joined.
    pub(super) async fn join(servers: &NatsServers, name: &str) -> Self {
        let daemon = Self::start(servers, name, Identity::temporary());
        daemon.joined().await;
        daemon
    }

    /// Starts the daemons `one` and `two`, and waits until both have joined.
    pub(super) async fn join_two(servers: &NatsServers) -> (Self, Self) {
        tokio::join!(Self::join(servers, "one"), Self::join(servers, "two"))
    }

    pub(super) async fn joined(&self) {
        let deadline = Instant::now() + TIMEOUT;
        let is_joined = self.cluster.wait_until_joined(deadline).await;
        assert!(is_joined, "{:?}", *self.cluster.state().borrow());
    }

    /// Waits until it knows that many members.
    pub(super) async fn sees(&self, count: usize) {
        let mut members = self.cluster.members();
        let seen = members.wait_for(|members| members.len() == count);
        let seen = tokio::time::timeout(TIMEOUT, seen).await;
        assert!(seen.is_ok(), "{:?}", **self.cluster.members().borrow());
    }

    /// Stops it gracefully.
    pub(super) async fn stop(self) {
        assert!(self.tasks.shut_down(TIMEOUT).await);
    }
}

/// Returns a configuration with short leases.
pub(super) fn config(servers: &NatsServers, name: &str) -> Config {
    let urls = servers
        .urls()
        .iter()
        .map(|url| url.parse().unwrap())
        .collect();
    let replicas = u64::try_from(servers.count()).unwrap();
    Config {
        replicas: Replicas::try_from(replicas).unwrap(),
        timing: Timing {
            member_ttl: Duration::from_secs(3),
            member_renewal_interval: Duration::from_millis(500),
            lease_ttl: Duration::from_secs(2),
            lease_renewal_interval: Duration::from_millis(400),
            lease_attempt_interval: Duration::from_millis(200),
            ..Timing::default()
        },
        ..Config::new(urls, name.parse().unwrap())
    }
}

/// Starts servers; returns `None`, and reports it, if there is no nats-server.
pub(super) async fn servers(count: usize, more: &str) -> Option<NatsServers> {
    if let Some(reason) = NatsServers::missing() {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("a test");
        assert!(
            std::env::var_os("CI").is_none_or(|ci| ci != "true"),
            "{test}: {reason}"
        );
        // Not eprintln!, whose output the test harness hides when the test passes.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {test} is skipped: {reason}");
        return None;
    }
    Some(NatsServers::start(count, more).await.unwrap())
}

pub(super) fn text(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// Time limit, far longer than anything takes, even on a busy machine.
pub(super) const TIMEOUT: Duration = Duration::from_mins(1);
