//! How the daemon is: `/health/live` and `/health/ready`.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::AppState;
use super::reply::Reply;
use crate::outcome::Status;
use handset_ami as ami;

/// Payload there is to tell of the daemon.
#[derive(Clone, Debug)]
pub struct Health {
    /// The doors that are bound, by their names.
    pub doors: Vec<(&'static str, SocketAddr)>,
    /// The Asterisk servers.
    pub servers: watch::Receiver<Vec<ami::Client>>,
    /// Whether no new calls are taken any more.
    pub stopping: CancellationToken,
}

/// Answers `/health/live`: whoever answers lives.
pub(super) async fn live() -> Reply {
    Reply::found(Value::Null)
}

/// Answers `/health/ready`: not before all doors are bound, and not once everything stops. An
/// Asterisk that is away is told, and is no reason to send nobody here: calls need none.
pub(super) async fn ready(State(state): State<Arc<AppState>>) -> Reply {
    let health = &state.parts.health;
    let doors: serde_json::Map<String, Value> = health
        .doors
        .iter()
        .map(|(name, address)| ((*name).to_owned(), address.to_string().into()))
        .collect();
    let of_server = |server: &ami::Client| {
        let (state, reason) = describe(&server.state().borrow());
        json!({"name": server.name(), "state": state, "reason": reason})
    };
    let servers: Vec<_> = health.servers.borrow().iter().map(of_server).collect();
    let result = json!({"doors": doors, "asterisk": servers});
    if health.stopping.is_cancelled() {
        let code = StatusCode::SERVICE_UNAVAILABLE;
        return Reply::plain(code, Status::Unreachable, "handsetd is stopping", result);
    }
    Reply::found(result)
}

/// Returns a word for where a server stands, and why.
pub(super) fn describe(state: &ami::State) -> (&'static str, String) {
    match state {
        ami::State::Connected(_) => ("connected", String::new()),
        ami::State::Lost { reason, .. } => ("lost", reason.to_string()),
        ami::State::Refused { reason } => ("refused", reason.to_string()),
        ami::State::Stopped => ("stopped", String::new()),
        _ => ("connecting", String::new()),
    }
}
