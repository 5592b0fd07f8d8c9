//! What has become of a request at each of its phones.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::response::Response;
use minijinja::{Value, context};

use crate::admin::accounts::Principal;
use crate::admin::deliveries;
use crate::admin::page::{listing, render};
use crate::admin::state::AppState;
use crate::history::{Record, Search};

/// Handles `GET /page/progress/ID`.
pub(in crate::admin::page) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Response {
    show(&state, &principal, &id)
}

/// Renders the deliveries of the request `id`, which ask again until all are over.
pub(super) fn show(state: &AppState, principal: &Principal, id: &str) -> Response {
    let search = Search {
        id: Some(id.to_owned()),
        ..Search::default()
    };
    let mut records = state.services.history.find(&search, MAX_PHONES);
    records.reverse();
    let over = records
        .iter()
        .filter(|record| record.duration.is_some())
        .count();
    let can_cancel = records
        .iter()
        .any(|record| record.duration.is_none() && deliveries::may_cancel(principal, Some(record)));
    let values = context! {
        id,
        over,
        can_cancel,
        total => records.len(),
        verb => records.first().map_or("", |record| record.verb.as_str()),
        rows => records.iter().map(|record| row(record)).collect::<Vec<_>>(),
    };
    render::html("progress.html", values)
}

fn row(record: &Record) -> Value {
    context! {
        phone => &record.phone,
        path => listing::segment(&record.phone),
        status => record.status.word(),
        reason => record.reason.as_str(),
        took => record.duration.map(listing::took).unwrap_or_default(),
    }
}

/// Maximum number of phones in the list.
const MAX_PHONES: usize = 1000;
