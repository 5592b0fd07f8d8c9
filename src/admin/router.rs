//! What the door serves, and where.

use std::sync::Arc;

use axum::Router;
use axum::extract::OriginalUri;
use axum::http::{Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};

use super::reply::Reply;
use super::{Office, access, ask, deliveries, health, metrics, openapi, page, phones, stream};

/// Returns everything that the door serves.
pub(super) fn router(office: &Arc<Office>) -> Router {
    let api = Router::new()
        .route("/deliveries", get(deliveries::list))
        .route("/deliveries/{id}", delete(deliveries::call_back))
        .route("/do/{verb}", post(ask::anybody))
        .route("/events", get(stream::events))
        .route("/openapi.json", get(openapi::serve))
        .route("/phones", get(phones::all))
        .route("/phones/{name}", get(phones::one))
        .route(
            "/phones/{name}/{verb}",
            get(ask::screenshot).post(ask::somebody),
        )
        .fallback(nothing)
        .method_not_allowed_fallback(not_so)
        .layer(from_fn_with_state(Arc::clone(office), access::by_token));
    Router::new()
        .nest("/api/v1", api)
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::serve))
        .merge(page::router(office))
        .fallback(nothing)
        .method_not_allowed_fallback(not_so)
        .with_state(Arc::clone(office))
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
