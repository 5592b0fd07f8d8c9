//! `POST /page/deliveries/ID/again`: makes the request of a delivery once more, with one click.

use std::sync::Arc;

use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use minijinja::context;

use super::listing::Filters;
use super::render;
use crate::admin::accounts::Principal;
use crate::admin::state::AppState;
use crate::admin::{repeat, requests};

/// Repeats the delivery, exactly once for each `Idempotency-Key`, which is required: a double click is one.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let key = match requests::idempotency_key(&headers, &principal) {
        Ok(Some(key)) => key,
        Ok(None) => {
            let reason = "Idempotency-Key is missing; reload the page";
            return (StatusCode::BAD_REQUEST, reason).into_response();
        }
        Err(reply) => return reply.into_response(),
    };
    let filters = Filters::parse(query.as_deref());
    let phone = Some(filters.get("phone")).filter(|phone| !phone.is_empty());
    let phone = phone.map(ToOwned::to_owned);
    let reply = repeat::once(state, principal, id, phone, &key).await;
    let text = |key: &str| reply.body[key].as_str().unwrap_or_default();
    let result = match &reply.body["result"] {
        serde_json::Value::Null => String::new(),
        result => result.to_string(),
    };
    let report = context! {
        status => text("status"),
        reason => text("reason"),
        phone => text("phone"),
        id => text("id"),
        result,
    };
    let code = match reply.code() {
        StatusCode::FORBIDDEN => StatusCode::FORBIDDEN,
        _ => StatusCode::OK,
    };
    (code, render::html("report.html", context! { report })).into_response()
}
