//! Session cookies, and the middleware that requires a session.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use handset_net::http_server::PeerTrust;
use subtle::ConstantTimeEq;
use tokio::time::Instant;

use super::login_form::login_form;
use super::shell::Visitor;
use crate::admin::accounts::Principal;
use crate::admin::sessions::{LIFETIME, Session};
use crate::admin::state::AppState;
use crate::history::Requester;

/// Middleware that requires a session and, for changes, its CSRF token; adds the [`Principal`]
/// and the [`Session`] to the request.
pub(super) async fn require_session(
    State(state): State<Arc<AppState>>,
    cookies: CookieJar,
    mut request: Request,
    next: Next,
) -> Response {
    let Some((principal, session)) = find(&state, &cookies) else {
        return expired();
    };
    if let Some(trust) = request.extensions().get::<PeerTrust>() {
        trust.grant();
    }
    let is_change = request.method() != Method::GET;
    let presented = request
        .headers()
        .get("X-CSRF-Token")
        .map(HeaderValue::as_bytes);
    if is_change && !presented.is_some_and(|presented| is_equal(presented, &session.csrf_token)) {
        let reason = "wrong CSRF token; reload the page";
        return (StatusCode::FORBIDDEN, reason).into_response();
    }
    request.extensions_mut().insert(principal);
    request.extensions_mut().insert(session);
    next.run(request).await
}

/// Middleware that shows the login form at the address of a view that needs a session; adds the
/// [`Visitor`] to the request.
pub(super) async fn require_visitor(
    State(state): State<Arc<AppState>>,
    cookies: CookieJar,
    mut request: Request,
    next: Next,
) -> Response {
    let Some((principal, session)) = find(&state, &cookies) else {
        if request.headers().contains_key("HX-Request") {
            return expired();
        }
        let wanted = request.uri().path_and_query();
        return login_form(wanted.map_or("/", PathAndQuery::as_str), "");
    };
    if let Some(trust) = request.extensions().get::<PeerTrust>() {
        trust.grant();
    }
    request.extensions_mut().insert(Visitor {
        principal,
        session,
        position: state.services.feed.position(),
    });
    next.run(request).await
}

/// Refuses a request of htmx, which loads the view again and so gets the login form.
fn expired() -> Response {
    let reason = "session expired; log in again";
    (StatusCode::UNAUTHORIZED, [("HX-Refresh", "true")], reason).into_response()
}

/// Returns the user and the session of the cookie.
fn find(state: &AppState, cookies: &CookieJar) -> Option<(Principal, Session)> {
    let (account, session) = state.accounts.session(id(cookies)?, Instant::now())?;
    let principal = Principal::new(account, |name| Requester::Page { name });
    Some((principal, session))
}

/// Compares in constant time.
pub(super) fn is_equal(presented: &[u8], csrf_token: &str) -> bool {
    presented.ct_eq(csrf_token.as_bytes()).into()
}

/// Returns the session id of the cookie.
pub(super) fn id(cookies: &CookieJar) -> Option<&str> {
    cookies.get(NAME).map(Cookie::value)
}

/// Returns the cookie of a session; an empty `id` is for removing it.
pub(super) fn cookie(id: String, is_secure: bool) -> Cookie<'static> {
    let lifetime = time::Duration::seconds(LIFETIME.as_secs().cast_signed());
    Cookie::build((NAME, id))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .max_age(lifetime)
        .secure(is_secure)
        .build()
}

const NAME: &str = "handsetd-session";

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use axum::http::header::COOKIE;

    use super::*;

    #[test]
    fn session_is_found_among_other_cookies() {
        let jar = |cookies: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, cookies.parse().unwrap());
            CookieJar::from_headers(&headers)
        };
        let cookies = jar("a=b; handsetd-session=xyz; c=d");
        assert_eq!(id(&cookies), Some("xyz"));
        assert_eq!(id(&jar("handsetd-sessions=xyz")), None);
        assert_eq!(id(&jar("handsetd-session")), None);
    }

    #[test]
    fn session_cookie_is_strict_and_expires() {
        let cookie = |is_secure| cookie("xyz".to_owned(), is_secure).to_string();
        assert_eq!(
            cookie(false),
            "handsetd-session=xyz; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200"
        );
        assert_eq!(
            cookie(true),
            "handsetd-session=xyz; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=43200"
        );
    }
}
