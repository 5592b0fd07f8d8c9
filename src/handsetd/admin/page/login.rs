//! The page itself, login and logout.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Form, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use handset_phones::verb::{Row, TABLE};
use minijinja::context;
use tokio::time::{Instant, sleep};
use tracing::warn;

use super::{render, session};
use crate::admin::phones;
use crate::admin::state::AppState;

/// Handles `GET /`: the page or, without a session, the login form.
pub(super) async fn home(State(state): State<Arc<AppState>>, cookies: CookieJar) -> Response {
    let csrf_token =
        session::id(&cookies).and_then(|id| state.sessions.csrf_token(id, Instant::now()));
    let Some(csrf_token) = csrf_token else {
        return render::html("login.html", context! { is_wrong => false });
    };
    let verbs: Vec<&str> = TABLE.iter().map(Row::name).collect();
    let (phones, _) = phones::known_phones(&state).await;
    let mut names: Vec<String> = phones.into_iter().map(|phone| phone.name).collect();
    names.extend(state.services.resolver.groups());
    let version = env!("CARGO_PKG_VERSION");
    render::html("home.html", context! { csrf_token, verbs, names, version })
}

/// Handles `POST /login`: exchanges the token for a session cookie.
pub(super) async fn log_in(
    State(state): State<Arc<AppState>>,
    cookies: CookieJar,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    if !is_same_origin(&headers) {
        return (StatusCode::FORBIDDEN, CROSS_SITE).into_response();
    }
    if !state.token.matches(field(&fields, "token").trim()) {
        warn!("Login rejected: wrong token.");
        // Slows down guessing.
        sleep(WRONG_TOKEN_DELAY).await;
        let page = render::html("login.html", context! { is_wrong => true });
        return (StatusCode::UNAUTHORIZED, page).into_response();
    }
    let id = state.sessions.start(Instant::now());
    let cookies = cookies.add(session::cookie(id, state.is_encrypted));
    (cookies, Redirect::to("/")).into_response()
}

/// Handles `POST /logout`.
pub(super) async fn log_out(
    State(state): State<Arc<AppState>>,
    cookies: CookieJar,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let now = Instant::now();
    if let Some(id) = session::id(&cookies)
        && let Some(csrf_token) = state.sessions.csrf_token(id, now)
    {
        if !session::is_equal(field(&fields, "csrf").as_bytes(), &csrf_token) {
            return (StatusCode::FORBIDDEN, CROSS_SITE).into_response();
        }
        state.sessions.end(id, now);
    }
    let cookies = cookies.remove(session::cookie(String::new(), state.is_encrypted));
    (cookies, Redirect::to("/")).into_response()
}

/// Returns the value of a form field; empty if the field is missing.
fn field<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    fields
        .iter()
        .find(|(known, _)| known == name)
        .map_or("", |(_, value)| value)
}

/// Whether a form comes from this server's page, as far as the browser reveals it.
fn is_same_origin(headers: &HeaderMap) -> bool {
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
        let origin_host = origin.split_once("://").map_or("", |(_, host)| host);
        origin_host == host
    })
}

const CROSS_SITE: &str = "this form was sent by another site; open the page and try again";

/// How long the reply to a wrong token is delayed.
const WRONG_TOKEN_DELAY: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_other_sites_are_recognized() {
        let is_same = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            is_same_origin(&headers)
        };
        assert!(is_same(&[("host", "a:1"), ("origin", "http://a:1")]));
        assert!(is_same(&[("host", "a:1")]));
        assert!(is_same(&[("sec-fetch-site", "same-origin")]));
        assert!(!is_same(&[("host", "a:1"), ("origin", "http://b")]));
        assert!(!is_same(&[("host", "a:1"), ("origin", "null")]));
        assert!(!is_same(&[("sec-fetch-site", "cross-site")]));
    }
}
