//! The routes of the admin API, the web page, health and metrics.

use std::sync::Arc;

use axum::Router;
use axum::extract::OriginalUri;
use axum::handler::Handler;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, get, on};

use super::long_requests::limit_waiting;
use super::reply::Reply;
use super::state::AppState;
use super::{
    bearer, deliveries, fetch_test, health, host, metrics, openapi, overview, page, phones, reload,
    repeat, requests, rules, status, stream,
};

/// A route of the API below `/api/v1`.
#[derive(Debug)]
pub(super) struct ApiRoute {
    pub(super) path: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "only a test compares it"))]
    pub(super) method: Method,
    handler: MethodRouter<Arc<AppState>>,
}

pub(super) fn router(state: &Arc<AppState>) -> Router {
    let mut api = Router::new();
    for ApiRoute { path, handler, .. } in api_routes() {
        let handler = if WAIT_FOR_PHONES.iter().any(|end| path.ends_with(end)) {
            handler.layer(from_fn_with_state(
                Arc::clone(&state.long_requests),
                limit_waiting,
            ))
        } else {
            handler
        };
        api = api.route(path, handler);
    }
    let api = api
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(Arc::clone(state), bearer::require_token));
    Router::new()
        .nest("/api/v1", api)
        .merge(without_token())
        .merge(page::router(state))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(
            Arc::clone(state),
            host::require_own_host,
        ))
        .with_state(Arc::clone(state))
}

/// How the paths end of requests that may wait for phones.
const WAIT_FOR_PHONES: [&str; 3] = ["/{verb}", "/fetch-test", "/again"];

/// Returns the routes for monitoring. Their clients need no token, so they keep no connection.
fn without_token() -> Router<Arc<AppState>> {
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::serve))
        .layer(map_response(close))
}

async fn close(mut response: Response) -> Response {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}

/// Returns the routes of the API; a test holds the OpenAPI document against them.
pub(super) fn api_routes() -> Vec<ApiRoute> {
    vec![
        route("/deliveries", Method::GET, deliveries::list),
        route("/deliveries/{id}", Method::DELETE, deliveries::cancel),
        route("/deliveries/{id}/again", Method::POST, repeat::post),
        route("/do/{verb}", Method::POST, requests::post_verb),
        route("/events", Method::GET, stream::events),
        route("/openapi.json", Method::GET, openapi::serve),
        route("/overview", Method::GET, overview::get),
        route("/phones", Method::GET, phones::list),
        route("/phones/{name}", Method::GET, phones::get),
        route("/phones/{name}/fetch-test", Method::POST, fetch_test::post),
        route(
            "/phones/{name}/{verb}",
            Method::GET,
            requests::get_screenshot,
        ),
        route(
            "/phones/{name}/{verb}",
            Method::POST,
            requests::post_phone_verb,
        ),
        route("/reload", Method::POST, reload::post),
        route("/rules", Method::GET, rules::list),
        route("/rules/{name}", Method::GET, rules::get),
        route("/status", Method::GET, status::get),
        route("/traces", Method::GET, rules::stream),
    ]
}

fn route<H, T>(path: &'static str, method: Method, handler: H) -> ApiRoute
where
    H: Handler<T, Arc<AppState>>,
    T: 'static,
{
    let filter = MethodFilter::try_from(method.clone()).expect("the method is a standard one");
    ApiRoute {
        path,
        method,
        handler: on(filter, handler),
    }
}

async fn not_found(OriginalUri(uri): OriginalUri) -> Reply {
    let path = uri.path();
    Reply::not_found(format!("unknown path {path}; see /api/v1/openapi.json"))
}

async fn method_not_allowed(OriginalUri(uri): OriginalUri, method: Method) -> Reply {
    let path = uri.path();
    let reason = format!("{path} does not support {method}; see /api/v1/openapi.json");
    Reply::refused(StatusCode::METHOD_NOT_ALLOWED, reason)
}
