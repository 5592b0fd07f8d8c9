//! Login and logout.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Extension, Form, State};
use axum::http::header::{HOST, ORIGIN, RETRY_AFTER};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use handset_net::http_server::PeerTrust;
use tokio::time::Instant;

use super::login_form::login_form;
use super::{fields, session};
use crate::admin::state::AppState;
use crate::admin::wrong_tokens::{Rejection, WINDOW};

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
    let token = fields::value(&fields, "token").trim();
    let wanted = own_address(fields::value(&fields, "wanted"));
    let check = || state.accounts.authenticate(token);
    let account = match state.wrong_tokens.attempt(peer.ip(), check).await {
        Ok(account) => account,
        Err(Rejection::Wrong) => {
            let page = login_form(wanted, "Wrong token.");
            return (StatusCode::UNAUTHORIZED, page).into_response();
        }
        Err(Rejection::TooMany) => {
            let error =
                "Wrong token, and too many before from this address. Try again in a minute.";
            let page = login_form(wanted, error);
            let wait = [(RETRY_AFTER, WINDOW.as_secs())];
            return (StatusCode::TOO_MANY_REQUESTS, wait, page).into_response();
        }
    };
    if let Some(Extension(trust)) = trust {
        trust.grant();
    }
    let id = state.accounts.log_in(&account).await;
    let cookies = cookies.add(session::cookie(id, state.transport.is_encrypted));
    (cookies, Redirect::to(wanted)).into_response()
}

/// Returns `wanted` if it is an address on this server, or that of the first view.
fn own_address(wanted: &str) -> &str {
    // Browsers read `//host` and `/\host` as another host.
    let is_own = wanted.starts_with('/')
        && !wanted.starts_with("//")
        && !wanted.contains('\\')
        && wanted.is_ascii()
        && wanted.parse::<PathAndQuery>().is_ok();
    if is_own { wanted } else { "/" }
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
        if !session::is_equal(
            fields::value(&fields, "csrf").as_bytes(),
            &session.csrf_token,
        ) {
            return (StatusCode::FORBIDDEN, CROSS_SITE).into_response();
        }
        state.accounts.log_out(id).await;
    }
    let cookies = cookies.remove(session::cookie(String::new(), state.transport.is_encrypted));
    (cookies, Redirect::to("/")).into_response()
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
    fn login_leads_to_no_other_host() {
        for own in [
            "/",
            "/phones",
            "/deliveries?phone=1001&status=",
            "/rules/a%20b",
        ] {
            assert_eq!(own_address(own), own);
        }
        for foreign in [
            "",
            "//other.example",
            "/\\other.example",
            "http://other.example/",
            "phones",
            "/a\r\nLocation: http://other.example/",
            "/\u{e9}",
        ] {
            assert_eq!(own_address(foreign), "/", "{foreign:?}");
        }
    }

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
