//! Coming in, and the page itself.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Form, State};
use axum::http::header::{HOST, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use minijinja::context;
use tokio::time::{Instant, sleep};
use tracing::warn;

use super::{render, session};
use crate::admin::AppState;
use handset_phones::verb::TABLE;

/// Answers `/`: the page, or where one comes in.
pub(super) async fn home(State(state): State<Arc<AppState>>, headers: HeaderMap) -> Response {
    let id = session::cookie(&headers);
    let csrf = id.and_then(|id| state.sessions.csrf(id, Instant::now()));
    match csrf {
        Some(csrf) => {
            let verbs: Vec<&str> = TABLE.iter().map(|row| row.name).collect();
            let (phones, _) = crate::admin::phones::everybody(&state).await;
            let mut names: Vec<String> = phones.into_iter().map(|phone| phone.name).collect();
            names.extend(state.parts.dispatcher.resolver().groups());
            let version = env!("CARGO_PKG_VERSION");
            render::html("home.html", context! { csrf, verbs, names, version })
        }
        None => render::html("login.html", context! { wrong => false }),
    }
}

/// Answers `/login`: whoever shows the token gets a cookie.
pub(super) async fn enter(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    if !is_from_here(&headers) {
        return (StatusCode::FORBIDDEN, "this does not come from our page").into_response();
    }
    let shown = fields.iter().find(|(name, _)| name == "token");
    let shown = shown.map_or("", |(_, token)| token.trim());
    if !state.token.is(shown) {
        warn!("Somebody tried to log in with a wrong token.");
        // Guessing shall take its time.
        sleep(PAUSE).await;
        let page = render::html("login.html", context! { wrong => true });
        return (StatusCode::UNAUTHORIZED, page).into_response();
    }
    let id = state.sessions.begin(Instant::now());
    moved(&session::set_cookie(Some(&id), state.is_encrypted))
}

/// Answers `/logout`.
pub(super) async fn leave(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let id = session::cookie(&headers);
    let known = id.and_then(|id| Some((id, state.sessions.csrf(id, Instant::now())?)));
    if let Some((id, csrf)) = known {
        let shown = fields.iter().find(|(name, _)| name == "csrf");
        if !shown.is_some_and(|(_, shown)| session::is_same(shown.as_bytes(), &csrf)) {
            return (StatusCode::FORBIDDEN, "this does not come from our page").into_response();
        }
        state.sessions.end(id);
    }
    moved(&session::set_cookie(None, state.is_encrypted))
}

fn moved(cookie: &str) -> Response {
    let headers = [(LOCATION, "/"), (SET_COOKIE, cookie)];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Whether a form comes from our own page, as far as the browser says.
fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    if let Some(site) = text("Sec-Fetch-Site") {
        return matches!(site, "same-origin" | "none");
    }
    let host = text(HOST.as_str()).unwrap_or_default();
    text(ORIGIN.as_str()).is_none_or(|origin| {
        let origin = origin.split_once("://").map_or("", |(_, origin)| origin);
        origin == host
    })
}

/// How long a wrong token is thought about.
const PAUSE: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_of_another_site_is_not_ours() {
        let is_ours = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            is_from_here(&headers)
        };
        assert!(is_ours(&[("host", "a:1"), ("origin", "http://a:1")]));
        assert!(is_ours(&[("host", "a:1")]));
        assert!(is_ours(&[("sec-fetch-site", "same-origin")]));
        assert!(!is_ours(&[("host", "a:1"), ("origin", "http://b")]));
        assert!(!is_ours(&[("host", "a:1"), ("origin", "null")]));
        assert!(!is_ours(&[("sec-fetch-site", "cross-site")]));
    }
}
