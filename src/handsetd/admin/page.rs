//! The web page: views with addresses of their own, and the actions that their buttons start.
//!
//! Views are rendered from templates, whole: what a filter or an update changes is selected from the
//! same response by htmx, so that every address works by itself, also without scripts. All files are
//! part of the program. A user presents the token once and then has a session cookie.

mod actions;
mod again;
mod assets;
mod daemons;
mod event_draft;
mod favourites;
mod fields;
mod last_reload;
mod listing;
mod login;
mod login_form;
mod preview;
mod render;
mod screen;
mod session;
mod shell;
mod sse;
mod traces;
mod views;
mod why;

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

use super::body::MAX_BODY;
use super::long_requests::limit_waiting;
use super::state::AppState;

pub(super) fn router(state: &Arc<AppState>) -> Router<Arc<AppState>> {
    let waiting = || from_fn_with_state(Arc::clone(&state.long_requests), limit_waiting);
    let actions = Router::new()
        .route("/deliveries/{id}", delete(actions::cancel))
        .route("/dry-run", post(actions::dry_run))
        .route("/favourites", post(favourites::save))
        .route("/favourites/{id}", delete(favourites::delete))
        .route("/favourites/{id}/rename", post(favourites::rename))
        .route("/fields", get(fields::serve))
        .route(
            "/deliveries/{id}/again",
            post(again::serve).layer(waiting()),
        )
        .route(
            "/phones/{name}/screenshot",
            post(actions::screenshot).layer(waiting()),
        )
        .route("/phones/{name}/why", post(why::serve).layer(waiting()))
        .route("/progress/{id}", get(actions::progress))
        .route("/rule-draft", post(event_draft::serve))
        .route("/preview", post(preview::serve))
        .route("/send", post(actions::send).layer(waiting()))
        .route("/updates", get(sse::serve))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(
            Arc::clone(state),
            session::require_session,
        ));
    let views = views::router().layer(from_fn_with_state(
        Arc::clone(state),
        session::require_visitor,
    ));
    let login_limit = DefaultBodyLimit::max(MAX_LOGIN);
    Router::new()
        .route("/login", post(login::log_in).layer(login_limit))
        .route("/logout", post(login::log_out).layer(login_limit))
        .route("/static/{name}", get(assets::serve))
        .merge(views)
        .nest("/page", actions)
        .layer(from_fn(set_security_headers))
}

/// Middleware that lets the browser load nothing from elsewhere, and store nothing.
async fn set_security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let security_headers: [(HeaderName, &'static str); 4] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in security_headers {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Maximum length of the forms that need no session, in bytes.
const MAX_LOGIN: usize = 8 * 1024;
