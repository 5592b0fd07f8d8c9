//! What the task waits for: each of these waits forever where there is nothing to wait for.

use std::future::Future;
use std::pin::Pin;

use handset_ami::{Error, Response};
use tokio::time::{Instant, sleep_until};

use crate::roster::query_queue::{Query, QueryQueue};

pub(super) type RightsCheck = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Waits for the end of a check; forever if there is none. Cancel safe.
pub(super) async fn finished(check: &mut Option<RightsCheck>) -> bool {
    match check {
        Some(check) => check.await,
        None => std::future::pending().await,
    }
}

/// Waits until `time`; forever if there is none.
pub(super) async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

pub(super) type RunningQuery =
    Pin<Box<dyn Future<Output = (Query, Result<Response, Error>)> + Send>>;

/// Waits for the response to the running query; forever if there is none. Cancel safe.
pub(super) async fn response(
    running: &mut Option<RunningQuery>,
) -> (Query, Result<Response, Error>) {
    match running {
        Some(running) => running.await,
        None => std::future::pending().await,
    }
}

/// Waits for the next query; forever if there is none. Cancel safe.
pub(super) async fn next(queue: &mut QueryQueue, pause: &mut Option<Instant>) -> Query {
    if let Some(until) = *pause {
        sleep_until(until).await;
        *pause = None;
    }
    match queue.pop() {
        Some(query) => query,
        None => std::future::pending().await,
    }
}
