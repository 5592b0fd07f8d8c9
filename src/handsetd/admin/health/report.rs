//! How a daemon and its surroundings do, for the page.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Servers, cluster, cluster_state, listeners};
use crate::admin::daemons::Question;
use crate::admin::question::LocalQuestion;
use crate::admin::state::Services;
use crate::outcome::Status;

/// Asks how a daemon does.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct ReportHealth {}

/// How a daemon does.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct HealthReport {
    pub(in crate::admin) version: String,
    pub(in crate::admin) in_flight: usize,
    pub(in crate::admin) stored: usize,
    pub(in crate::admin) open_circuit_breakers: usize,
    pub(in crate::admin) refused: u64,
    /// The address of each listener.
    pub(in crate::admin) listeners: BTreeMap<String, String>,
    pub(in crate::admin) servers: Vec<ServerRow>,
    /// `None` without `[cluster]`.
    pub(in crate::admin) cluster: Option<ClusterRow>,
    /// `None` if `http.url` is not set.
    pub(in crate::admin) own_url: Option<OwnUrl>,
    /// `None` if there was no reload since the start.
    pub(in crate::admin) reload: Option<ReloadRow>,
    /// The rules with which something is wrong.
    pub(in crate::admin) rules: Vec<SuspectRule>,
}

/// The connection to an Asterisk server.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct ServerRow {
    pub(in crate::admin) name: String,
    pub(in crate::admin) state: String,
    pub(in crate::admin) reason: String,
    /// What to do about it.
    pub(in crate::admin) cure: Option<String>,
}

/// The state of the cluster, as the API has it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct ClusterRow {
    pub(in crate::admin) name: String,
    pub(in crate::admin) state: String,
    /// In RFC 3339.
    pub(in crate::admin) since: String,
    pub(in crate::admin) reason: String,
    /// What to do about it.
    pub(in crate::admin) cure: Option<String>,
    pub(in crate::admin) daemons: Vec<DaemonRow>,
}

/// A daemon of the cluster.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct DaemonRow {
    pub(in crate::admin) name: String,
    pub(in crate::admin) version: String,
}

/// Whether the daemon answers at `http.url`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct OwnUrl {
    pub(in crate::admin) url: String,
    pub(in crate::admin) is_good: bool,
    pub(in crate::admin) reason: String,
}

/// The last reload.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct ReloadRow {
    /// In RFC 3339.
    pub(in crate::admin) at: String,
    /// How many faults it found.
    pub(in crate::admin) faults: usize,
    pub(in crate::admin) needs_restart: String,
}

/// A rule with which something is wrong.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct SuspectRule {
    pub(in crate::admin) name: String,
    pub(in crate::admin) failed: u64,
    pub(in crate::admin) warnings: Vec<String>,
}

impl Question for ReportHealth {
    const NAME: &'static str = "health";
    type Answer = HealthReport;
}

impl LocalQuestion for ReportHealth {
    async fn here(self, services: &Services) -> HealthReport {
        let own_url = services.courier.test_own_url().await;
        let rules = services.rules.statuses().await;
        let suspect = rules
            .iter()
            .filter(|rule| !rule.warnings.is_empty() || 0 < rule.counters.failures());
        let rules = suspect.map(|rule| SuspectRule {
            name: rule.name.clone(),
            failed: rule.counters.failures(),
            warnings: rule.warnings.clone(),
        });
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let listeners = listeners(services).into_iter();
        let servers = Servers::of(services).with_cures().into_iter();
        HealthReport {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            in_flight: services.dispatcher.in_flight(),
            stored: services.dispatcher.stored(),
            open_circuit_breakers: services.courier.open_circuit_breakers(),
            refused: services.courier.refused_connections(),
            listeners: listeners
                .map(|(name, address)| (name, text(&address)))
                .collect(),
            servers: servers
                .map(|server| serde_json::from_value(server).unwrap_or_default())
                .collect(),
            cluster: cluster_state(services)
                .map(|state| serde_json::from_value(cluster(&state)).unwrap_or_default()),
            own_url: own_url.map(|(url, outcome)| OwnUrl {
                url: url.to_string(),
                is_good: outcome.status == Status::Ok,
                reason: outcome.reason,
            }),
            reload: reload(services),
            rules: rules.collect(),
        }
    }
}

fn reload(services: &Services) -> Option<ReloadRow> {
    let reload = services.last_reload.borrow();
    let (at, report) = reload.as_ref()?;
    Some(ReloadRow {
        at: humantime::format_rfc3339_seconds(*at).to_string(),
        faults: report.errors.len(),
        needs_restart: report.needs_restart.join(", "),
    })
}
