//! `/health/live` and `/health/ready`.

mod report;

pub(super) use report::{HealthReport, ReportHealth};

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use handset_ami as ami;
use serde_json::{Map, Value, json};

use super::query;
use super::reply::Reply;
use super::state::{AppState, Services};
use crate::fleet::{ClusterState, Membership};
use crate::outcome::Status;

/// Handles `/health/live`: the reply itself is the proof.
pub(super) async fn live() -> Reply {
    Reply::ok(Value::Null)
}

/// Handles `/health/ready`: ready from the moment all listeners are bound until shutdown.
///
/// A lost Asterisk connection is reported and does not make handsetd unready, since calls do not need it;
/// with `?strict` it does, and so do rights that an account lacks, and a cluster that is not joined.
pub(super) async fn ready(
    State(state_of): State<Arc<AppState>>,
    RawQuery(query): RawQuery,
) -> Reply {
    let is_strict = match query::parse(query.as_deref(), &["strict"], &[]) {
        Ok(pairs) => match pairs.first().map(|(_, value)| value.as_str()) {
            None | Some("no") => false,
            Some("" | "yes") => true,
            Some(other) => {
                let reason = format!("strict: write ?strict, or strict=no; not {other:?}");
                return Reply::invalid(reason);
            }
        },
        Err(reply) => return reply,
    };
    let services = &state_of.services;
    let health = &services.health;
    let listeners = listeners(services);
    let Servers { all, mut unready } = Servers::of(services);
    let mut result = json!({"listeners": listeners, "asterisk": all});
    if let Some(state) = cluster_state(services) {
        unready.extend(complaint(&state));
        result["cluster"] = cluster(&state);
    }
    if health.stopping.is_cancelled() {
        let code = StatusCode::SERVICE_UNAVAILABLE;
        return Reply::new(code, Status::Unreachable, "handsetd is stopping", result);
    }
    if is_strict && !unready.is_empty() {
        let code = StatusCode::SERVICE_UNAVAILABLE;
        return Reply::new(code, Status::Unreachable, unready.join("; "), result);
    }
    Reply::ok(result)
}

/// Returns the address of each listener.
pub(super) fn listeners(services: &Services) -> Map<String, Value> {
    let listeners = services.health.listeners.iter();
    listeners
        .map(|(name, address)| ((*name).to_owned(), address.to_string().into()))
        .collect()
}

/// Returns how this daemon is part of the cluster; `None` without `[cluster]`.
pub(super) fn cluster_state(services: &Services) -> Option<ClusterState> {
    let health = &services.health;
    health.cluster.as_ref().map(|cluster| cluster.now())
}

/// Returns it as JSON, with what to do about it as `cure`; null if nothing is wrong with it.
pub(super) fn cluster(state: &ClusterState) -> Value {
    let daemons = state.daemons.iter().map(|daemon| {
        let since = humantime::format_rfc3339_seconds(daemon.since).to_string();
        json!({"name": daemon.name, "version": daemon.version, "since": since})
    });
    json!({
        "name": state.name,
        "state": state.membership.as_str(),
        "since": humantime::format_rfc3339_seconds(state.since).to_string(),
        "reason": state.reason,
        "cure": state.cure(),
        "daemons": daemons.collect::<Vec<_>>(),
        "leads": state.leads,
    })
}

/// Returns what is wrong with the cluster.
fn complaint(state: &ClusterState) -> Option<String> {
    let cause = match state.membership {
        Membership::Joined => return None,
        Membership::Joining => "being joined",
        Membership::Alone | Membership::Refused => &state.reason,
    };
    Some(format!("cluster: {cause}"))
}

/// The connections to the Asterisk servers.
pub(super) struct Servers {
    /// Each with its state, and what is wrong with it.
    pub(super) all: Vec<Value>,
    /// What is wrong with any of them.
    unready: Vec<String>,
}

impl Servers {
    pub(super) fn of(services: &Services) -> Self {
        let (mut all, mut unready) = (Vec::new(), Vec::new());
        for server in services.health.servers.borrow().iter() {
            let (state, mut reason) = describe(&server.state().borrow());
            if reason.is_empty() {
                let complaint = services.resolver.complaint(server.name());
                reason = complaint.unwrap_or_default();
            }
            if state != CONNECTED || !reason.is_empty() {
                let cause = if reason.is_empty() { state } else { &reason };
                unready.push(format!("Asterisk {}: {cause}", server.name()));
            }
            all.push(json!({"name": server.name(), "state": state, "reason": reason}));
        }
        Self { all, unready }
    }

    /// Returns them, each with what to do about it as `cure`; null if nothing is wrong with it.
    pub(super) fn with_cures(self) -> Vec<Value> {
        let mut all = self.all;
        for server in &mut all {
            let text = |key: &str| server[key].as_str().unwrap_or_default();
            server["cure"] = cure(text("state"), text("reason")).into();
        }
        all
    }
}

/// Returns the name of a connection state and its reason.
fn describe(state: &ami::State) -> (&'static str, String) {
    match state {
        ami::State::Connected(_) => (CONNECTED, String::new()),
        ami::State::Lost { reason, .. } => ("lost", reason.to_string()),
        ami::State::Refused { reason, .. } => ("refused", reason.to_string()),
        ami::State::Stopped => ("stopped", String::new()),
        _ => ("connecting", String::new()),
    }
}

/// Returns what to do about a server in that state; `None` if nothing is wrong with it.
fn cure(state: &str, reason: &str) -> Option<&'static str> {
    Some(match (state, reason) {
        (CONNECTED, "") | ("stopped", _) => return None,
        (CONNECTED, _) => {
            "Correct manager.conf, then: asterisk -rx 'manager reload' and handsetd reload."
        }
        ("connecting", _) => "Wait some seconds.",
        ("refused", _) => {
            "Compare username and secret of its [[asterisk]] with manager.conf, and deny and permit there \
             with the address of this machine; then: asterisk -rx 'manager reload' and handsetd reload."
        }
        _ => {
            "Does Asterisk run, with enabled = yes, bindaddr and port in [general] of manager.conf as its \
             [[asterisk]] says?"
        }
    })
}

/// The state of a server that is logged in.
const CONNECTED: &str = "connected";
