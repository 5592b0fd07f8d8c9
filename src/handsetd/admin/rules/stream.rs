//! `GET traces`: what rules decide and how their runs end, as server-sent events.

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

use super::find::find;
use super::to_json;
use crate::admin::accounts::Principal;
use crate::admin::feed::MISSED;
use crate::admin::query;
use crate::admin::state::AppState;
use crate::admin::stream::with_keep_alive;
use crate::events::RuleNews;
use crate::history::History;

/// Handles `GET traces`: the event `trace` for each rule that handles an event, and `run` when one of its
/// runs has ended. The stream ends at shutdown, and when the user is removed or changed.
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
    let news = state.services.rules.news();
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
    let events = events(news, state.services.tasks.stop(), wanted, history);
    with_keep_alive(events.take_until(principal.revoked()), place)
}

/// Yields the news of the `wanted` rules, or of all if there is none, until `stop` is cancelled.
fn events(
    news: Receiver<RuleNews>,
    stop: CancellationToken,
    wanted: Vec<String>,
    history: History,
) -> impl Stream<Item = Event> {
    let next = |mut news: Receiver<RuleNews>| async {
        let received = match news.recv().await {
            Ok(news) => Ok(news),
            Err(RecvError::Lagged(count)) => Err(count),
            Err(RecvError::Closed) => return None,
        };
        Some((received, news))
    };
    let event = move |received: Result<RuleNews, u64>| {
        let is_wanted = |rule: &str| wanted.is_empty() || wanted.iter().any(|name| name == rule);
        let event = match received {
            Ok(RuleNews::Decided(trace)) if is_wanted(&trace.rule) => {
                let data = to_json::trace(&trace, &history);
                Some(Event::default().event(TRACE).data(json!(data).to_string()))
            }
            Ok(RuleNews::Ended(run)) if is_wanted(&run.rule) => {
                let data = to_json::run(&run, &history);
                Some(Event::default().event(RUN).data(data.to_string()))
            }
            Ok(RuleNews::Decided(_) | RuleNews::Ended(_)) => None,
            Err(count) => {
                let data = json!({"event": MISSED, "fields": {"Count": count.to_string()}});
                Some(Event::default().event(MISSED).data(data.to_string()))
            }
        };
        std::future::ready(event)
    };
    stream::unfold(news, next)
        .filter_map(event)
        .take_until(stop.cancelled_owned().boxed())
}

/// The name of the events about decisions.
const TRACE: &str = "trace";

/// The name of the events about runs that have ended.
const RUN: &str = "run";
