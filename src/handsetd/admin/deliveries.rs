//! `GET deliveries` and `DELETE deliveries/ID`.

mod csv;
mod search;

use std::sync::Arc;

use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::task::spawn_blocking;

use super::accounts::Principal;
use super::list_reply::list_reply;
use super::reply::Reply;
use super::role::Role;
use super::state::{AppState, Services};
use crate::history::{Record, Search};
pub(super) use search::KEYS;
use search::{DEFAULT_LIMIT, Format, Query};

/// Handles `GET deliveries`.
pub(super) async fn list(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = match Query::parse(query.as_deref()) {
        Ok(query) => query,
        Err(reply) => return reply.into_response(),
    };
    match query.format.unwrap_or_else(|| Format::accepted(&headers)) {
        Format::Csv => {
            let limit = query.limit.unwrap_or(usize::MAX);
            csv::reply(find(&state, query.search, limit).await)
        }
        Format::Json => {
            let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
            let records = find(&state, query.search, limit).await;
            list_reply(records.into_iter().map(|record| record.to_json()))
        }
    }
}

/// Finds deliveries in the history. A search for a text reads all of it, so there is one at a time, and
/// it keeps no thread from serving phones.
pub(super) async fn find(state: &AppState, search: Search, limit: usize) -> Vec<Arc<Record>> {
    let history = state.services.history.clone();
    history.loaded().await;
    if search.text.is_none() {
        return history.find(&search, limit);
    }
    // Acquiring fails only if the semaphore is closed, and it never is.
    let permit = Arc::clone(&state.text_search).acquire_owned().await.ok();
    let search = spawn_blocking(move || {
        // Until the search is over, even if the client has gone.
        let _permit = permit;
        history.find(&search, limit)
    });
    search.await.unwrap_or_default()
}

/// Handles `DELETE deliveries/ID`: cancels what has not been sent.
pub(super) async fn cancel(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Reply {
    match cancelled(&state, &principal, &id).await {
        Ok(phones) => Reply::ok(Value::Null)
            .with("phone", phones.join("&"))
            .with("id", id),
        Err(reply) => reply,
    }
}

/// Cancels what has not been sent of the request `id`; returns its phones, or why there are none.
///
/// Users with the role `send` may cancel their own requests.
pub(super) async fn cancelled(
    state: &AppState,
    principal: &Principal,
    id: &str,
) -> Result<Vec<String>, Reply> {
    let Services {
        dispatcher,
        history,
        ..
    } = &state.services;
    let search = Search {
        id: Some(id.to_owned()),
        ..Search::default()
    };
    let record = history.find(&search, 1).pop();
    if !may_cancel(principal, record.as_deref()) {
        principal.require(Role::Send, "cancelling a delivery")?;
        principal.require(Role::Admin, "cancelling a delivery of others")?;
    }
    let phones = dispatcher.cancel(id, &principal.requester).await;
    if !phones.is_empty() {
        return Ok(phones);
    }
    Err(Reply::not_found(match history.find(&search, 1).first() {
        None => format!("unknown delivery {id:?}"),
        Some(record) if record.duration.is_none() => {
            format!("delivery {id} is being sent and cannot be cancelled")
        }
        Some(record) => format!("delivery {id} has ended with {}", record.status),
    }))
}

/// Returns whether the user may cancel a delivery; `None` is one that is not recorded.
pub(super) fn may_cancel(principal: &Principal, record: Option<&Record>) -> bool {
    let is_own = record.is_some_and(|record| record.requester.user() == principal.name());
    match principal.role() {
        Role::Read => false,
        Role::Send => is_own,
        Role::Admin => true,
    }
}

/// Parses search criteria and the limit; empty values are ignored.
pub(super) fn parse_search(query: Option<&str>) -> Result<(Search, usize), Reply> {
    let query = Query::parse(query)?;
    Ok((query.search, query.limit.unwrap_or(DEFAULT_LIMIT)))
}
