//! `GET events`: server-sent events, for as long as the listener keeps up.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use serde_json::{Map, Value, json};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::feed::{EventFeed, FeedItem, MISSED, Payload};
use super::reply::Reply;
use super::{AppState, query};
use crate::rules::Fact;
use handset_ami::wire::is_secret;

/// Answers `GET events`.
pub(super) async fn events(
    State(state): State<Arc<AppState>>,
    RawQuery(given): RawQuery,
    headers: HeaderMap,
) -> Response {
    let wanted = match query::read(given.as_deref(), &[], &["event"]) {
        Ok(pairs) => EventFilter(pairs.into_iter().map(|(_, name)| name).collect()),
        Err(reply) => return reply.into_response(),
    };
    let last = match headers.get("Last-Event-ID").map(HeaderValue::to_str) {
        None => None,
        Some(Ok(last)) => Some(last),
        Some(Err(_)) => {
            return Reply::invalid("Last-Event-ID: it is none of ours").into_response();
        }
    };
    let feed = state.parts.feed.clone();
    let subscription = feed.subscribe(last);
    let missed = (subscription.missed > 0).then(|| {
        let data = json!({"event": MISSED, "fields": {"Count": subscription.missed.to_string()}});
        Event::default().event(MISSED).data(data.to_string())
    });
    let before = stream::iter(subscription.before);
    let stop = state.parts.tasks.stop();
    let news = before.chain(live(subscription.live, stop));
    let told = news.filter_map(move |news| {
        let event = wanted.fits(news.name()).then(|| event(&feed, &news));
        std::future::ready(event)
    });
    beating(stream::iter(missed).chain(told))
}

/// Answers with events, and with a sign of life when there are none.
fn beating(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let heartbeat = KeepAlive::new().interval(HEARTBEAT);
    Sse::new(events.map(Ok::<_, Infallible>))
        .keep_alive(heartbeat)
        .into_response()
}

/// Returns what happens from now on; it ends with the daemon, and when the listener is too slow.
pub(super) fn live(
    receiver: broadcast::Receiver<Arc<FeedItem>>,
    stop: CancellationToken,
) -> impl Stream<Item = Arc<FeedItem>> {
    stream::unfold((receiver, stop), |(mut receiver, stop)| async move {
        let news = tokio::select! {
            () = stop.cancelled() => return None,
            news = receiver.recv() => news,
        };
        match news {
            Ok(news) => Some((news, (receiver, stop))),
            Err(broadcast::error::RecvError::Closed) => None,
            Err(broadcast::error::RecvError::Lagged(behind)) => {
                info!(behind, "Cut a listener off: it was too slow.");
                None
            }
        }
    })
}

fn event(feed: &EventFeed, news: &FeedItem) -> Event {
    let name: String = news.name().chars().filter(|c| !c.is_control()).collect();
    let event = Event::default().id(feed.id(news)).event(name);
    event.data(news.to_json().to_string())
}

impl FeedItem {
    /// Returns its name: that of the event, or `handsetd.delivery`.
    pub fn name(&self) -> &str {
        match &self.what {
            Payload::Delivery(_) => "handsetd.delivery",
            Payload::Fact(fact) => fact.name(),
        }
    }

    /// Returns it as programs read it.
    pub fn to_json(&self) -> Value {
        let at = humantime::format_rfc3339_millis(self.at).to_string();
        let fields = match &self.what {
            Payload::Delivery(record) => record.to_json(),
            Payload::Fact(fact) => fields(fact),
        };
        json!({"event": self.name(), "at": at, "fields": fields})
    }
}

/// Returns the values of a fact, with lists where a name repeats, and without passwords.
pub(super) fn fields(fact: &Fact) -> Value {
    let mut fields = Map::new();
    for (name, value) in fact.values().filter(|(name, _)| *name != "Event") {
        let value = if is_secret(name) { "[redacted]" } else { value };
        match fields.get_mut(name) {
            None => drop(fields.insert(name.to_owned(), value.into())),
            Some(Value::Array(list)) => list.push(value.into()),
            Some(one) => *one = Value::Array(vec![one.take(), value.into()]),
        }
    }
    Value::Object(fields)
}

/// The names that a listener wants to hear of; none is all.
struct EventFilter(Vec<String>);

impl EventFilter {
    /// Returns whether `name` is one of them, whatever the case; `phone.*` is all that begin so.
    fn fits(&self, name: &str) -> bool {
        let fits = |wanted: &String| match wanted.strip_suffix('*') {
            Some(start) => {
                let found = name.get(..start.len());
                found.is_some_and(|found| found.eq_ignore_ascii_case(start))
            }
            None => wanted.eq_ignore_ascii_case(name),
        };
        self.0.is_empty() || self.0.iter().any(fits)
    }
}

/// How often a listener hears that we are there, if there is nothing else to hear.
const HEARTBEAT: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stream_without_events_beats() {
        let begun = Instant::now();
        let mut body = beating(stream::pending()).into_body().into_data_stream();
        for beat in 1..=3 {
            let told = body.next().await.unwrap().unwrap();
            // A comment, to which no listener listens.
            assert!(told.starts_with(b":"), "{told:?}");
            assert_eq!(begun.elapsed().as_secs(), beat * HEARTBEAT.as_secs());
        }
    }

    #[test]
    fn names_are_compared_without_case_and_may_end_in_a_star() {
        let wanted = |names: &[&str]| EventFilter(names.iter().map(ToString::to_string).collect());
        assert!(wanted(&[]).fits("Hangup"));
        assert!(wanted(&["hangup", "x"]).fits("Hangup"));
        assert!(!wanted(&["x"]).fits("Hangup"));
        assert!(wanted(&["phone.*"]).fits("phone.dnd_on"));
        assert!(!wanted(&["phone.*"]).fits("phones"));
        assert!(!wanted(&["é*"]).fits("a"));
    }

    #[test]
    fn repeated_values_are_lists_and_passwords_do_not_show() {
        let values = [("a", "1"), ("b", "2"), ("a", "3"), ("Secret", "hush")];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let fact = Fact::new("handsetd.gap", values);
        let told = json!({"a": ["1", "3"], "b": "2", "Secret": "[redacted]"});
        assert_eq!(fields(&fact), told);
    }
}
