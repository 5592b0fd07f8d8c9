//! Payload the door serves, and where.

use std::sync::Arc;

use axum::Router;
use axum::extract::OriginalUri;
use axum::http::{Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};

use super::reply::Reply;
use super::{
    AppState, bearer, deliveries, health, metrics, openapi, page, phones, requests, stream,
};

/// Returns everything that the door serves.
pub(super) fn router(state: &Arc<AppState>) -> Router {
    let api = Router::new()
        .route("/deliveries", get(deliveries::list))
        .route("/deliveries/{id}", delete(deliveries::cancel))
        .route("/do/{verb}", post(requests::post_verb))
        .route("/events", get(stream::events))
        .route("/openapi.json", get(openapi::serve))
        .route("/phones", get(phones::all))
        .route("/phones/{name}", get(phones::one))
        .route(
            "/phones/{name}/{verb}",
            get(requests::screenshot).post(requests::post_phone_verb),
        )
        .fallback(nothing)
        .method_not_allowed_fallback(not_so)
        .layer(from_fn_with_state(Arc::clone(state), bearer::by_token));
    Router::new()
        .nest("/api/v1", api)
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::serve))
        .merge(page::router(state))
        .fallback(nothing)
        .method_not_allowed_fallback(not_so)
        .with_state(Arc::clone(state))
}

async fn nothing(OriginalUri(uri): OriginalUri) -> Reply {
    let path = uri.path();
    Reply::not_found(format!(
        "there is nothing at {path}; see /api/v1/openapi.json"
    ))
}

async fn not_so(OriginalUri(uri): OriginalUri, method: Method) -> Reply {
    let path = uri.path();
    let why = format!("{path} can't be asked by {method}; see /api/v1/openapi.json");
    Reply::refused(StatusCode::METHOD_NOT_ALLOWED, why)
}
