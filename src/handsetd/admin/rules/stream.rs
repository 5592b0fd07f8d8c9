//! `GET traces`: what rules decide, as server-sent events.

use std::sync::Arc;

use axum::extract::{Extension, RawQuery, State};
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use futures_util::{FutureExt, StreamExt};
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::{find, to_json};
use crate::admin::accounts::Principal;
use crate::admin::feed::MISSED;
use crate::admin::query;
use crate::admin::state::AppState;
use crate::admin::stream::with_keep_alive;
use crate::history::History;
use crate::rules::Trace;

/// Handles `GET traces`: the event `trace` for each rule that handles an event. The stream ends at
/// shutdown, and when the user is removed or changed.
pub(in crate::admin) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    RawQuery(query): RawQuery,
) -> Response {
    let wanted: Vec<String> = match query::parse(query.as_deref(), &[], &["rule"]) {
        Ok(pairs) => pairs.into_iter().map(|(_, name)| name).collect(),
        Err(reply) => return reply.into_response(),
    };
    // First, so that no trace is missed that follows the check of the names.
    let traces = state.services.rules.traces();
    if !wanted.is_empty() {
        let rules = state.services.rules.statuses().await;
        if let Some(reply) = wanted.iter().find_map(|name| find(&rules, name).err()) {
            return reply.into_response();
        }
    }
    let place = match state.long_requests.stream(principal.role()) {
        Ok(place) => place,
        Err(refused) => return *refused,
    };
    let history = state.services.history.clone();
    let events = events(traces, state.services.tasks.stop(), wanted, history);
    with_keep_alive(events.take_until(principal.revoked()), place)
}

/// Yields the traces of the `wanted` rules, or of all if there is none, until `stop` is cancelled.
fn events(
    traces: Receiver<Arc<Trace>>,
    stop: CancellationToken,
    wanted: Vec<String>,
    history: History,
) -> impl Stream<Item = Event> {
    let next = |mut traces: Receiver<Arc<Trace>>| async {
        let received = match traces.recv().await {
            Ok(trace) => Ok(trace),
            Err(RecvError::Lagged(count)) => Err(count),
            Err(RecvError::Closed) => return None,
        };
        Some((received, traces))
    };
    let event = move |received: Result<Arc<Trace>, u64>| {
        let event = match received {
            Ok(trace) if wanted.is_empty() || wanted.iter().any(|name| **name == *trace.rule) => {
                let data = to_json::trace(&trace, &history);
                Some(Event::default().event(TRACE).data(data.to_string()))
            }
            Ok(_) => None,
            Err(count) => {
                let data = json!({"event": MISSED, "fields": {"Count": count.to_string()}});
                Some(Event::default().event(MISSED).data(data.to_string()))
            }
        };
        std::future::ready(event)
    };
    stream::unfold(traces, next)
        .filter_map(event)
        .take_until(stop.cancelled_owned().boxed())
}

/// The name of the events.
const TRACE: &str = "trace";
