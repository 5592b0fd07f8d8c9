//! `GET traces`: what rules decide and how their runs end, as server-sent events.

use std::sync::Arc;

use axum::extract::{Extension, RawQuery, State};
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{Stream, unfold};
use futures_util::{FutureExt, StreamExt};
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::find::{find, merged};
use super::to_json;
use crate::admin::accounts::Principal;
use crate::admin::daemons::Wanted;
use crate::admin::feed::{MISSED, Payload, RuleItem};
use crate::admin::query;
use crate::admin::state::{AppState, Services};
use crate::admin::stream::{self, RUN, TRACE, with_keep_alive};
use crate::events::RuleActivity;
use crate::history::History;

/// Handles `GET traces`: the event `trace` for each rule that handles an event, and `run` when one of its
/// runs has ended. The stream ends at shutdown, and when the user is removed or changed.
pub(in crate::admin) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    RawQuery(query): RawQuery,
) -> Response {
    let services = &state.services;
    let has_daemons = services.daemons.own().is_some();
    let single: &[&str] = if has_daemons { &[query::DAEMON] } else { &[] };
    let pairs = match query::parse(query.as_deref(), single, &["rule"]) {
        Ok(pairs) => pairs,
        Err(reply) => return reply.into_response(),
    };
    let daemons = match query::wanted(&pairs, &services.daemons) {
        Ok(daemons) => daemons,
        Err(reply) => return reply.into_response(),
    };
    let wanted = pairs.into_iter().filter(|(key, _)| key == "rule");
    let wanted: Vec<String> = wanted.map(|(_, name)| name).collect();
    if has_daemons {
        return of_daemons(&state, &principal, daemons, wanted).await;
    }
    // First, so that no trace is missed that follows the check of the names.
    let activity = state.services.rules.activity();
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
    let events = events(activity, state.services.tasks.stop(), wanted, history);
    with_keep_alive(events.take_until(principal.revoked()), place)
}

/// Streams what the rules of the daemons do, from the feed.
async fn of_daemons(
    state: &AppState,
    principal: &Principal,
    daemons: Wanted,
    wanted: Vec<String>,
) -> Response {
    let services = &state.services;
    let (subscription, _) = services.feed.subscribe(None);
    for name in &wanted {
        if let Err(reply) = merged(services, &daemons, name.clone()).await {
            return reply.into_response();
        }
    }
    let place = match state.long_requests.stream(principal.role()) {
        Ok(place) => place,
        Err(refused) => return *refused,
    };
    let feed = services.feed.clone();
    let own = services.daemons.own().cloned();
    let live = stream::live(subscription, services.tasks.stop());
    let events = live.filter_map(move |item| {
        let daemon = item.daemon.as_ref().or(own.as_ref());
        let is_wanted = match &item.payload {
            Payload::Rule(of) => {
                let is_daemon = match &daemons {
                    Wanted::All => true,
                    Wanted::One(name) => daemon.is_some_and(|daemon| **daemon == **name),
                };
                is_daemon && (wanted.is_empty() || wanted.contains(&of.rule))
            }
            _ => item.name() == MISSED,
        };
        std::future::ready(is_wanted.then(|| stream::event(&feed, &item, daemon)))
    });
    let place = (place, state.interest.enter());
    with_keep_alive(events.take_until(principal.revoked()), place)
}

/// Puts what the rules of this daemon do into its feed, if anybody reads it.
pub(in crate::admin) async fn feed(services: Services) {
    let mut activity = services.rules.activity();
    let history = &services.history;
    loop {
        match activity.recv().await {
            Ok(RuleActivity::Decided(trace)) => services.feed.publish_rule(|| {
                let data = json!(to_json::trace(&trace, history));
                RuleItem::new(&trace.rule, false, data)
            }),
            Ok(RuleActivity::Ended(run)) => services
                .feed
                .publish_rule(|| RuleItem::new(&run.rule, true, to_json::run(&run, history))),
            // That many are not in the feed; the stream of a single daemon says so.
            Err(RecvError::Lagged(count)) => services.feed.publish_missed(count),
            Err(RecvError::Closed) => return,
        }
    }
}

/// Yields the activity of the `wanted` rules, or of all if there is none, until `stop` is cancelled.
fn events(
    activity: Receiver<RuleActivity>,
    stop: CancellationToken,
    wanted: Vec<String>,
    history: History,
) -> impl Stream<Item = Event> {
    let next = |mut activity: Receiver<RuleActivity>| async {
        let received = match activity.recv().await {
            Ok(activity) => Ok(activity),
            Err(RecvError::Lagged(count)) => Err(count),
            Err(RecvError::Closed) => return None,
        };
        Some((received, activity))
    };
    let event = move |received: Result<RuleActivity, u64>| {
        let is_wanted = |rule: &str| wanted.is_empty() || wanted.iter().any(|name| name == rule);
        let event = match received {
            Ok(RuleActivity::Decided(trace)) if is_wanted(&trace.rule) => {
                let data = to_json::trace(&trace, &history);
                Some(Event::default().event(TRACE).data(json!(data).to_string()))
            }
            Ok(RuleActivity::Ended(run)) if is_wanted(&run.rule) => {
                let data = to_json::run(&run, &history);
                Some(Event::default().event(RUN).data(data.to_string()))
            }
            Ok(RuleActivity::Decided(_) | RuleActivity::Ended(_)) => None,
            Err(count) => {
                let data = json!({"event": MISSED, "fields": {"Count": count.to_string()}});
                Some(Event::default().event(MISSED).data(data.to_string()))
            }
        };
        std::future::ready(event)
    };
    unfold(activity, next)
        .filter_map(event)
        .take_until(stop.cancelled_owned().boxed())
}
