//! What has become of a request at each of its phones.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::response::Response;
use minijinja::{Value, context};

use crate::admin::accounts::Principal;
use crate::admin::deliveries::{self, Delivery};
use crate::admin::page::{listing, render};
use crate::admin::state::{AppState, Services};

/// Handles `GET /page/progress/ID`.
pub(in crate::admin::page) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Response {
    show(&state.services, &principal, &id).await
}

/// Renders the deliveries of the request `id`, which ask again until all are over.
pub(super) async fn show(services: &Services, principal: &Principal, id: &str) -> Response {
    let (mut found, missing) = deliveries::of_request(services, id, None, MAX_PHONES).await;
    found.reverse();
    let over = found
        .iter()
        .filter(|delivery| delivery.record.duration.is_some())
        .count();
    let can_cancel = found.iter().any(|Delivery { record, .. }| {
        record.duration.is_none() && deliveries::may_cancel(principal, Some(record))
    });
    let verb = found.first().map(|delivery| delivery.record.verb.as_str());
    let values = context! {
        id,
        over,
        can_cancel,
        missing => missing.iter().map(ToString::to_string).collect::<Vec<_>>(),
        total => found.len(),
        verb => verb.unwrap_or_default(),
        rows => found.iter().map(row).collect::<Vec<_>>(),
    };
    render::html("progress.html", values)
}

fn row(delivery: &Delivery) -> Value {
    let record = &delivery.record;
    context! {
        daemon => delivery.daemon.as_deref(),
        phone => &record.phone,
        address => listing::phone_address(&record.phone, delivery.daemon.as_deref()),
        status => record.status.word(),
        reason => record.reason.as_str(),
        took => record.duration.map(listing::took).unwrap_or_default(),
    }
}

/// Maximum number of phones in the list.
const MAX_PHONES: usize = 1000;
