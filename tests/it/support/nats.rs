//! Real NATS servers, where the package nats-server is installed.

use handset_cluster::testing::NatsServers;

use super::left_out;

/// Starts `count` servers that are one cluster, each with `more` lines of configuration; `None` if there is no
/// NATS here, which the test then reports.
pub(crate) async fn nats(count: usize, more: &str) -> Option<NatsServers> {
    if let Some(reason) = NatsServers::missing() {
        left_out(&reason);
        return None;
    }
    Some(NatsServers::start(count, more).await.unwrap())
}

/// Returns a `[cluster]` section for a daemon of that name.
pub(crate) fn section(servers: &NatsServers, name: &str) -> String {
    let urls: Vec<String> = servers
        .urls()
        .iter()
        .map(|url| format!("{url:?}"))
        .collect();
    let replicas = servers.count();
    format!(
        "[cluster]\nnats = [{}]\nname = {name:?}\nreplicas = {replicas}\n",
        urls.join(", ")
    )
}
