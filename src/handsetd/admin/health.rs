//! `/health/live` and `/health/ready`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use handset_ami as ami;
use serde_json::{Map, Value, json};

use super::reply::Reply;
use super::state::AppState;
use crate::outcome::Status;

/// Handles `/health/live`: the reply itself is the proof.
pub(super) async fn live() -> Reply {
    Reply::ok(Value::Null)
}

/// Handles `/health/ready`: ready from the moment all listeners are bound until shutdown.
///
/// A lost Asterisk connection is reported and does not make handsetd unready: calls do not need it.
pub(super) async fn ready(State(state_of): State<Arc<AppState>>) -> Reply {
    let health = &state_of.services.health;
    let listeners: Map<String, Value> = health
        .listeners
        .iter()
        .map(|(name, address)| ((*name).to_owned(), address.to_string().into()))
        .collect();
    let servers: Vec<Value> = health
        .servers
        .borrow()
        .iter()
        .map(|server| {
            let (state, reason) = describe(&server.state().borrow());
            let complaint = || state_of.services.resolver.complaint(server.name());
            let reason = if reason.is_empty() {
                complaint().unwrap_or_default()
            } else {
                reason
            };
            json!({"name": server.name(), "state": state, "reason": reason})
        })
        .collect();
    let result = json!({"listeners": listeners, "asterisk": servers});
    if health.stopping.is_cancelled() {
        let code = StatusCode::SERVICE_UNAVAILABLE;
        return Reply::new(code, Status::Unreachable, "handsetd is stopping", result);
    }
    Reply::ok(result)
}

/// Returns the name of a connection state and its reason.
fn describe(state: &ami::State) -> (&'static str, String) {
    match state {
        ami::State::Connected(_) => ("connected", String::new()),
        ami::State::Lost { reason, .. } => ("lost", reason.to_string()),
        ami::State::Refused { reason, .. } => ("refused", reason.to_string()),
        ami::State::Stopped => ("stopped", String::new()),
        _ => ("connecting", String::new()),
    }
}
