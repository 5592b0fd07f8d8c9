//! Who has shown the token, and is known by a cookie since.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;
use tokio::time::Instant;

use crate::admin::AppState;

/// The sessions. The oldest end when there are too many.
#[derive(Debug, Default)]
pub(in crate::admin) struct Sessions(Mutex<HashMap<String, Session>>);

#[derive(Clone, Debug)]
struct Session {
    /// Payload every change must come with, so that no other site can make the browser ask for one.
    csrf: String,
    until: Instant,
}

impl Sessions {
    /// Begins a session; returns what its cookie holds.
    pub(super) fn begin(&self, now: Instant) -> String {
        let mut sessions = self.lock(now);
        if sessions.len() >= MAX_SESSIONS {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.until);
            let oldest = oldest.map(|(id, _)| id.clone());
            oldest.map(|id| sessions.remove(&id));
        }
        let id = handset_net::random::hex_token::<32>();
        let session = Session {
            csrf: handset_net::random::hex_token::<32>(),
            until: now + LIFE,
        };
        sessions.insert(id.clone(), session);
        id
    }

    /// Ends a session.
    pub(super) fn end(&self, id: &str) {
        self.lock(Instant::now()).remove(id);
    }

    /// Returns what changes of the session `id` must come with, if there is such a session.
    pub(super) fn csrf(&self, id: &str, now: Instant) -> Option<String> {
        // Ids are random, so that the time a look-up takes says nothing about others.
        self.lock(now).get(id).map(|session| session.csrf.clone())
    }

    fn lock(&self, now: Instant) -> MutexGuard<'_, HashMap<String, Session>> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| now < session.until);
        sessions
    }
}

/// Lets a request through if its session is good, and if a change comes from our own page.
pub(super) async fn inside(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    let id = cookie(request.headers());
    let csrf = id.and_then(|id| state.sessions.csrf(id, Instant::now()));
    let Some(csrf) = csrf else {
        // htmx then goes to where one logs in.
        let home = [("HX-Redirect", "/")];
        return (StatusCode::UNAUTHORIZED, home, "log in again").into_response();
    };
    let is_change = request.method() != Method::GET;
    let shown = request
        .headers()
        .get("X-CSRF-Token")
        .map(HeaderValue::as_bytes);
    if is_change && !shown.is_some_and(|shown| is_same(shown, &csrf)) {
        return (
            StatusCode::FORBIDDEN,
            "this does not come from our page; reload it",
        )
            .into_response();
    }
    next.run(request).await
}

/// Compares in a time that says nothing.
pub(super) fn is_same(shown: &[u8], own: &str) -> bool {
    shown.ct_eq(own.as_bytes()).into()
}

/// Returns the session that the cookie names.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter();
    let mut pairs = cookies
        .filter_map(|cookie| cookie.to_str().ok())
        .flat_map(|text| text.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
}

/// Writes the cookie of a session; without one, takes it away.
pub(super) fn set_cookie(id: Option<&str>, is_secure: bool) -> String {
    let (value, age) = id.map_or(("", 0), |id| (id, LIFE.as_secs()));
    let secure = if is_secure { "; Secure" } else { "" };
    format!("{NAME}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}")
}

const NAME: &str = "handsetd-session";

/// How long a session lasts.
const LIFE: Duration = Duration::from_hours(12);

const MAX_SESSIONS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_in_time_and_the_oldest_when_there_are_too_many() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let first = sessions.begin(now);
        assert!(sessions.csrf(&first, now).is_some());
        assert_eq!(sessions.csrf("", now), None);
        assert_eq!(sessions.csrf(&first, now + LIFE), None);
        let first = sessions.begin(now);
        let others: Vec<_> = (0..MAX_SESSIONS)
            .map(|_| sessions.begin(now + Duration::from_secs(1)))
            .collect();
        assert_eq!(sessions.csrf(&first, now), None);
        assert!(others.iter().all(|id| sessions.csrf(id, now).is_some()));
        sessions.end(&others[0]);
        assert_eq!(sessions.csrf(&others[0], now), None);
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, "a=b; handsetd-session=xyz; c=d".parse().unwrap());
        assert_eq!(cookie(&headers), Some("xyz"));
        headers.insert(COOKIE, "handsetd-sessions=xyz".parse().unwrap());
        assert_eq!(cookie(&headers), None);
        let set = set_cookie(Some("xyz"), true);
        assert_eq!(
            set,
            "handsetd-session=xyz; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure"
        );
    }
}
