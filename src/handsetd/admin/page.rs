//! The page at `/`: phones, deliveries, events and rules, and a form that asks for anything.
//!
//! It is made here, by templates; the browser runs htmx and nothing else, from files that are part
//! of the program. Whoever comes in has shown the token once, and has a cookie for it since.

mod act;
mod assets;
mod cards;
mod fields;
mod log;
mod login;
mod preview;
mod render;
mod rules;
mod screen;
mod session;
mod sse;

pub(super) use session::Sessions;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{delete, get, post};

use super::AppState;
use super::body::MAX_BODY;

/// Returns what makes up the page.
pub(super) fn router(state: &Arc<AppState>) -> Router<Arc<AppState>> {
    let inside = Router::new()
        .route("/deliveries", get(log::deliveries))
        .route("/deliveries/{id}", delete(act::cancel))
        .route("/events", get(log::events))
        .route("/fields", get(fields::serve))
        .route("/phones", get(cards::serve))
        .route("/phones/{name}/screenshot", post(act::screenshot))
        .route("/preview", post(preview::serve))
        .route("/rehearsal", post(rules::rehearse))
        .route("/rules", get(rules::serve))
        .route("/send", post(act::send))
        .route("/ticks", get(sse::serve))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(Arc::clone(state), session::inside));
    // Whoever comes may send these.
    let form = DefaultBodyLimit::max(MAX_LOGIN);
    Router::new()
        .route("/", get(login::home))
        .route("/login", post(login::enter).layer(form))
        .route("/logout", post(login::leave).layer(form))
        .route("/static/{name}", get(assets::serve))
        .nest("/page", inside)
        .layer(from_fn(guarded))
}

/// Tells the browser to be strict: nothing comes from elsewhere, and nothing is kept.
async fn guarded(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let strict: [(HeaderName, &'static str); 4] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in strict {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let fresh = HeaderValue::from_static("no-store");
    headers.entry(CACHE_CONTROL).or_insert(fresh);
    response
}

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// The longest form that shows a token, in bytes.
const MAX_LOGIN: usize = 8 * 1024;
