//! `DELETE deliveries/ID`: cancels what has not been sent, whichever daemon has it.

use std::sync::Arc;

use axum::extract::{Extension, State};
use serde_json::Value;

use super::found::Delivery;
use crate::admin::accounts::Principal;
use crate::admin::body::NoKeys;
use crate::admin::daemons::Missing;
use crate::admin::path::Path;
use crate::admin::query::NoQuery;
use crate::admin::reply::Reply;
use crate::admin::role::Role;
use crate::admin::state::{AppState, Services};
use crate::history::Record;

/// Handles `DELETE deliveries/ID`.
pub(in crate::admin) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    _: NoQuery,
    _: NoKeys,
) -> Reply {
    match cancelled(&state.services, &principal, &id).await {
        Ok(phones) => Reply::ok(Value::Null)
            .with("phone", phones.join("&"))
            .with("id", id),
        Err(reply) => reply,
    }
}

/// Cancels what has not been sent of the request `id`; returns its phones, or why there are none.
///
/// Users with the role `send` may cancel their own requests.
pub(in crate::admin) async fn cancelled(
    services: &Services,
    principal: &Principal,
    id: &str,
) -> Result<Vec<String>, Reply> {
    // Only an administrator may cancel a delivery that no record shows to be the user's own.
    let (found, missing) = super::of_request(services, id, None, 1).await;
    let record = found.first().map(|delivery| &*delivery.record);
    if !may_cancel(principal, record) {
        principal.require(Role::Send, "cancelling a delivery")?;
        principal.require(Role::Admin, "cancelling a delivery of others")?;
    }
    // At all daemons that may have it.
    let phones = services.dispatcher.cancel(id, &principal.requester).await;
    if !phones.is_empty() {
        return Ok(phones);
    }
    let (found, _) = super::of_request(services, id, None, 1).await;
    Err(not_cancelled(id, found.first(), &missing))
}

/// Returns why nothing was cancelled.
fn not_cancelled(id: &str, delivery: Option<&Delivery>, missing: &[Missing]) -> Reply {
    let reason = match delivery.map(|delivery| &*delivery.record) {
        None => format!("unknown delivery {id:?}"),
        Some(record) if record.duration.is_none() => {
            format!("delivery {id} is being sent and cannot be cancelled")
        }
        Some(record) => {
            let reason = format!("delivery {id} has ended with {}", record.status);
            return Reply::not_found(reason);
        }
    };
    // One of these may have it.
    let missing = missing.iter().map(ToString::to_string);
    let reasons: Vec<String> = std::iter::once(reason).chain(missing).collect();
    Reply::not_found(reasons.join("; "))
}

/// Returns whether the user may cancel a delivery; `None` is one that is not recorded.
pub(in crate::admin) fn may_cancel(principal: &Principal, record: Option<&Record>) -> bool {
    let is_own = record.is_some_and(|record| record.requester.user() == principal.name());
    match principal.role() {
        Role::Read => false,
        Role::Send => is_own,
        Role::Admin => true,
    }
}
