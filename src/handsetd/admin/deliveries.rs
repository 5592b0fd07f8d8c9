//! `GET deliveries` and `DELETE deliveries/ID`, for those of all daemons.

mod cancel;
mod csv;
mod found;
mod search;

pub(super) use cancel::{cancelled, may_cancel, serve as cancel};
pub(super) use found::{Delivery, FindDeliveries};
pub(super) use search::{DEFAULT_LIMIT, KEYS, Query};

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::daemons::Missing;
use super::list_reply::list_reply;
use super::question::LocalQuestion;
use super::state::{AppState, Services};
use crate::history::Search;
use search::Format;

/// Handles `GET deliveries`.
pub(super) async fn list(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = match Query::parse(query.as_deref(), &state.services.daemons) {
        Ok(query) => query,
        Err(reply) => return reply.into_response(),
    };
    match query.format.unwrap_or_else(|| Format::accepted(&headers)) {
        Format::Csv => csv(&state.services, &query).await,
        Format::Json => {
            let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
            let (deliveries, missing) = find(&state.services, &query, limit).await;
            let deliveries = deliveries.into_iter().map(|delivery| delivery.to_json());
            list_reply(&state.services.daemons, &missing, deliveries)
        }
    }
}

/// Finds the deliveries of all daemons, newest first, and names the daemons whose deliveries are missing.
pub(super) async fn find(
    services: &Services,
    query: &Query,
    limit: usize,
) -> (Vec<Delivery>, Vec<Missing>) {
    let question = FindDeliveries {
        search: query.search.clone(),
        before: query.before.clone(),
        limit,
    };
    let found = question.of(&query.wanted, services).await;
    found::merge(found, limit)
}

/// Finds the deliveries of the request `id` at all daemons, newest first.
pub(super) async fn of_request(
    services: &Services,
    id: &str,
    phone: Option<&str>,
    limit: usize,
) -> (Vec<Delivery>, Vec<Missing>) {
    let search = Search {
        id: Some(id.to_owned()),
        phone: phone.map(ToOwned::to_owned),
        ..Search::default()
    };
    let query = Query {
        search,
        ..Query::default()
    };
    find(services, &query, limit).await
}

/// Returns the deliveries that `query` looks for as CSV, for those who are logged in at the page.
pub(super) async fn export(services: &Services, query: Option<&str>) -> Response {
    match Query::parse(query, &services.daemons) {
        Ok(query) => csv(services, &query).await,
        Err(reply) => reply.into_response(),
    }
}

async fn csv(services: &Services, query: &Query) -> Response {
    let limit = query.limit.unwrap_or(usize::MAX);
    let (deliveries, missing) = find(services, query, limit).await;
    csv::reply(deliveries, &missing, services.daemons.own().is_some())
}
