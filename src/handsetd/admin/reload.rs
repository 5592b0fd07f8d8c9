//! `POST reload`: has the daemon read its configuration again.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::accounts::Principal;
use super::body::NoKeys;
use super::query::NoQuery;
use super::reload_report::ReloadReport;
use super::reply::Reply;
use super::role::Role;
use super::state::AppState;
use crate::outcome::Status;

/// Handles `POST reload`.
pub(super) async fn post(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    _: NoQuery,
    _: NoKeys,
) -> Reply {
    if let Err(reply) = principal.require(Role::Admin, "reload") {
        return reply;
    }
    let (request, report) = oneshot::channel();
    let reloads = &state.services.reloads;
    let reloaded = async {
        reloads.send(request).await.ok()?;
        report.await.ok()
    };
    match timeout(RELOAD_TIMEOUT, reloaded).await {
        Ok(Some(report)) => reply(&report),
        Ok(None) => {
            let code = StatusCode::SERVICE_UNAVAILABLE;
            Reply::new(
                code,
                Status::Unreachable,
                "handsetd is stopping",
                json!(null),
            )
        }
        Err(_) => {
            let code = StatusCode::GATEWAY_TIMEOUT;
            let reason = "the reload is not over yet; the log says how it ends";
            Reply::new(code, Status::Unknown, reason, json!(null))
        }
    }
}

fn reply(report: &ReloadReport) -> Reply {
    let ReloadReport {
        errors,
        changed,
        needs_restart,
        warnings,
    } = report;
    let result = json!({
        "errors": errors,
        "changed": changed,
        "needs_restart": needs_restart,
        "warnings": warnings,
    });
    match errors.len() {
        0 => Reply::ok(result),
        count => {
            let faults = if count == 1 {
                "1 fault"
            } else {
                &format!("{count} faults")
            };
            let reason = format!("the configuration has {faults}; the old one stays in effect");
            Reply::new(StatusCode::BAD_REQUEST, Status::Invalid, reason, result)
        }
    }
}

/// How long a reload may take: reading files, and closing connections to servers that are gone.
const RELOAD_TIMEOUT: Duration = Duration::from_secs(30);
