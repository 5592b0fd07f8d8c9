//! Limits the requests that keep a connection for long: event streams, and requests that wait for a
//! phone. They leave connections for short ones, whoever sends them.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::reply::Reply;
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
}

impl LongRequests {
    /// Divides the connections that one address may have.
    pub(super) fn new(connections: usize) -> Self {
        Self {
            streams: Places::new(connections.div_ceil(STREAMS_SHARE)),
            waiting: Places::new(connections.div_ceil(WAITING_SHARE)),
        }
    }

    /// Returns a place for an event stream, to keep until it ends.
    pub(super) fn stream(&self) -> Result<OwnedSemaphorePermit, Box<Response>> {
        self.streams.take("event streams")
    }
}

impl Places {
    fn new(total: usize) -> Self {
        let total = total.min(Semaphore::MAX_PERMITS);
        let free = Arc::new(Semaphore::new(total));
        Self { total, free }
    }

    fn take(&self, what: &str) -> Result<OwnedSemaphorePermit, Box<Response>> {
        Arc::clone(&self.free).try_acquire_owned().map_err(|_| {
            let reason = format!(
                "{} {what} are open, which is the limit; try again in {RETRY:?}, or raise \
                 admin.max_connections and admin.max_connections_each",
                self.total
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
    request: Request,
    next: Next,
) -> Response {
    match long_requests.waiting.take("requests that wait for phones") {
        Ok(_place) => next.run(request).await,
        Err(refused) => *refused,
    }
}

/// Event streams may take one in this many connections.
const STREAMS_SHARE: usize = 4;

/// Requests that wait for phones may take one in this many connections.
const WAITING_SHARE: usize = 2;

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
        let streams = [long_requests.stream(), long_requests.stream()];
        assert!(streams.iter().all(Result::is_ok));
        let refused = long_requests.stream().unwrap_err();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers()[RETRY_AFTER], "10");
        assert!(long_requests.waiting.take("requests").is_ok());
        drop(streams);
        assert!(long_requests.stream().is_ok());
    }
}
