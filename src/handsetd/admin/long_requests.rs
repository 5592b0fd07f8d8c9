//! Limits the requests that keep a connection for long: event streams, and requests that wait for a
//! phone. They leave connections for short ones of all clients.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::accounts::Principal;
use super::reply::Reply;
use super::role::Role;
use crate::outcome::Status;

/// The places for long requests.
#[derive(Debug)]
pub(super) struct LongRequests {
    streams: Places,
    waiting: Places,
}

#[derive(Debug)]
struct Places {
    total: usize,
    free: Arc<Semaphore>,
    /// Those of `free` that users other than administrators may have.
    shared: Arc<Semaphore>,
}

/// A place, to keep until the request ends.
#[derive(Debug)]
pub(super) struct Place {
    _free: OwnedSemaphorePermit,
    _shared: Option<OwnedSemaphorePermit>,
}

impl LongRequests {
    /// Divides the connections that one address may have.
    pub(super) fn new(connections: usize) -> Self {
        Self {
            streams: Places::new(connections.div_ceil(STREAMS_SHARE)),
            waiting: Places::new(connections.div_ceil(WAITING_SHARE)),
        }
    }

    /// Returns a place for an event stream of a user with `role`.
    pub(super) fn stream(&self, role: Role) -> Result<Place, Box<Response>> {
        self.streams.take("event streams", role)
    }
}

impl Places {
    fn new(total: usize) -> Self {
        let total = total.min(Semaphore::MAX_PERMITS);
        let shared = total.saturating_sub(total / ADMINISTRATORS_SHARE);
        Self {
            total,
            free: Arc::new(Semaphore::new(total)),
            shared: Arc::new(Semaphore::new(shared)),
        }
    }

    fn take(&self, what: &str, role: Role) -> Result<Place, Box<Response>> {
        let shared = (role < Role::Admin).then(|| Arc::clone(&self.shared).try_acquire_owned());
        let place = shared.transpose().and_then(|shared| {
            Ok(Place {
                _free: Arc::clone(&self.free).try_acquire_owned()?,
                _shared: shared,
            })
        });
        place.map_err(|_| {
            let reason = format!(
                "{} {what} are open, which is the limit; try again in {RETRY:?}, or raise \
                 admin.max_connections and admin.max_connections_each",
                self.total.saturating_sub(self.free.available_permits())
            );
            let code = StatusCode::SERVICE_UNAVAILABLE;
            let reply = Reply::new(code, Status::Unreachable, reason, Value::Null);
            let after = HeaderValue::from(RETRY.as_secs());
            Box::new(([(RETRY_AFTER, after)], reply).into_response())
        })
    }
}

/// Middleware for requests that may wait for a phone.
pub(super) async fn limit_waiting(
    State(long_requests): State<Arc<LongRequests>>,
    Extension(principal): Extension<Principal>,
    request: Request,
    next: Next,
) -> Response {
    let places = &long_requests.waiting;
    match places.take("requests that wait for phones", principal.role()) {
        Ok(_place) => next.run(request).await,
        Err(refused) => *refused,
    }
}

/// Event streams may take one in this many connections.
const STREAMS_SHARE: usize = 4;

/// Requests that wait for phones may take one in this many connections.
const WAITING_SHARE: usize = 2;

/// One in this many places is kept for administrators, so that no other user can take them all.
const ADMINISTRATORS_SHARE: usize = 4;

/// When a refused client should try again. Streams whose client has gone are noticed until then.
const RETRY: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_left_for_short_requests() {
        for connections in [4, 128, 256] {
            let LongRequests { streams, waiting } = LongRequests::new(connections);
            assert!(streams.total + waiting.total <= connections * 3 / 4);
        }
    }

    #[test]
    fn refusal_says_what_is_full_and_when_to_try_again() {
        let long_requests = LongRequests::new(8);
        let stream = || long_requests.stream(Role::Admin);
        let streams = [stream(), stream()];
        assert!(streams.iter().all(Result::is_ok));
        let refused = stream().unwrap_err();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers()[RETRY_AFTER], "10");
        assert!(long_requests.waiting.take("requests", Role::Send).is_ok());
        drop(streams);
        assert!(stream().is_ok());
    }

    #[test]
    fn places_are_kept_for_administrators() {
        let long_requests = LongRequests::new(32);
        let of_others: Vec<_> = [Role::Read, Role::Send]
            .into_iter()
            .cycle()
            .map_while(|role| long_requests.stream(role).ok())
            .collect();
        assert_eq!(of_others.len(), 6);
        let of_administrators: Vec<_> =
            std::iter::from_fn(|| long_requests.stream(Role::Admin).ok()).collect();
        assert_eq!(of_administrators.len(), 2);
        drop(of_others);
        assert!(long_requests.stream(Role::Read).is_ok());
    }
}
