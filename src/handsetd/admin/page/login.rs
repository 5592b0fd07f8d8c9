//! The page itself, login and logout.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Extension, Form, State};
use axum::http::header::{HOST, ORIGIN, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use handset_net::http_server::PeerTrust;
use handset_phones::phone::Vendor;
use handset_phones::verb::{Row, TABLE};
use minijinja::context;
use tokio::time::Instant;

use super::{render, session};
use crate::admin::phones;
use crate::admin::role::Role;
use crate::admin::state::AppState;
use crate::admin::wrong_tokens::{Rejection, WINDOW};

/// Handles `GET /`: the page or, without a session, the login form.
pub(super) async fn home(
    State(state): State<Arc<AppState>>,
    cookies: CookieJar,
    trust: Option<Extension<PeerTrust>>,
) -> Response {
    let Some((principal, session)) = session::find(&state, &cookies) else {
        return render::html("login.html", context! { error => "" });
    };
    if let Some(Extension(trust)) = trust {
        trust.grant();
    }
    let role = principal.role();
    let all_verbs: Vec<&str> = TABLE.iter().map(Row::name).collect();
    let verbs = TABLE.iter().filter(|row| Role::for_verb(row.verb) <= role);
    let verbs: Vec<&str> = verbs.map(Row::name).collect();
    let (phones, _) = phones::known_phones(&state).await;
    let mut names: Vec<String> = phones.into_iter().map(|phone| phone.name).collect();
    names.extend(state.services.resolver.groups());
    let version = env!("CARGO_PKG_VERSION");
    let page = context! {
        csrf_token => session.csrf_token,
        user => principal.name(),
        role => role.word(),
        can_send => role >= Role::Send,
        all_verbs,
        verbs,
        names,
        version,
        has_pages => state.services.pages.has_pages(),
        vendors => Vendor::ALL.map(Vendor::name),
    };
    render::html("home.html", page)
}

/// Handles `POST /login`: exchanges the token for a session cookie.
pub(super) async fn log_in(
    State(state): State<Arc<AppState>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    cookies: CookieJar,
    headers: HeaderMap,
    trust: Option<Extension<PeerTrust>>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    if !is_same_origin(&headers) {
        return (StatusCode::FORBIDDEN, CROSS_SITE).into_response();
    }
    let token = field(&fields, "token").trim();
    let check = || state.accounts.authenticate(token);
    let account = match state.wrong_tokens.attempt(peer.ip(), check).await {
        Ok(account) => account,
        Err(Rejection::Wrong) => {
            let page = render::html("login.html", context! { error => "Wrong token." });
            return (StatusCode::UNAUTHORIZED, page).into_response();
        }
        Err(Rejection::TooMany) => {
            let error =
                "Wrong token, and too many before from this address. Try again in a minute.";
            let page = render::html("login.html", context! { error });
            let wait = [(RETRY_AFTER, WINDOW.as_secs())];
            return (StatusCode::TOO_MANY_REQUESTS, wait, page).into_response();
        }
    };
    if let Some(Extension(trust)) = trust {
        trust.grant();
    }
    let id = state.accounts.log_in(&account).await;
    let cookies = cookies.add(session::cookie(id, state.transport.is_encrypted));
    (cookies, Redirect::to("/")).into_response()
}

/// Handles `POST /logout`.
pub(super) async fn log_out(
    State(state): State<Arc<AppState>>,
    cookies: CookieJar,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    if let Some(id) = session::id(&cookies)
        && let Some((_, session)) = state.accounts.session(id, Instant::now())
    {
        if !session::is_equal(field(&fields, "csrf").as_bytes(), &session.csrf_token) {
            return (StatusCode::FORBIDDEN, CROSS_SITE).into_response();
        }
        state.accounts.log_out(id).await;
    }
    let cookies = cookies.remove(session::cookie(String::new(), state.transport.is_encrypted));
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
