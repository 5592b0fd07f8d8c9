//! `GET events`: server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::{Extension, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use handset_ami::wire::is_secret;
use handset_net::wildcard;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::accounts::Principal;
use super::daemons::{Daemons, Wanted};
use super::deliveries::Delivery;
use super::feed::{EventFeed, FeedItem, Lagged, MISSED, Payload, Subscription};
use super::query;
use super::reply::Reply;
use super::state::AppState;
use crate::history::Change;
use crate::rules::Fact;

/// Handles `GET events`; the stream ends at shutdown, when the client falls too far behind, and
/// when the user is removed or changed.
pub(super) async fn events(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let daemons = &state.services.daemons;
    let filter = match EventFilter::parse(query.as_deref(), daemons) {
        Ok(filter) => filter,
        Err(reply) => return reply.into_response(),
    };
    let last_id = match headers.get("Last-Event-ID").map(HeaderValue::to_str) {
        None => None,
        Some(Ok(id)) => Some(id),
        Some(Err(_)) => return Reply::invalid("Last-Event-ID: invalid id").into_response(),
    };
    let place = match state.long_requests.stream(principal.role()) {
        Ok(place) => place,
        Err(refused) => return *refused,
    };
    let feed = state.services.feed.clone();
    let (subscription, missed) = feed.subscribe(last_id);
    let missed = (missed > 0).then(|| {
        let data = json!({"event": MISSED, "fields": {"Count": missed.to_string()}});
        Event::default().event(MISSED).data(data.to_string())
    });
    let live = live(subscription, state.services.tasks.stop());
    let own = daemons.own().cloned();
    let items = live.filter_map(move |item| {
        let daemon = item.daemon.as_ref().or(own.as_ref());
        let is_event = !matches!(item.payload, Payload::Rule(_));
        let is_wanted = is_event && filter.matches(item.names(), daemon.map(AsRef::as_ref));
        std::future::ready(is_wanted.then(|| event(&feed, &item, daemon)))
    });
    let place = (place, state.interest.enter());
    let events = stream::iter(missed).chain(items);
    with_keep_alive(events.take_until(principal.revoked()), place)
}

/// Sends events, and a comment whenever there were none for [`KEEP_ALIVE`]. Keeps `place` until the
/// stream ends.
pub(super) fn with_keep_alive(
    events: impl Stream<Item = Event> + Send + 'static,
    place: impl Send + 'static,
) -> Response {
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    let events = events.map(move |event| {
        let _ = &place;
        Ok::<_, Infallible>(event)
    });
    Sse::new(events).keep_alive(keep_alive).into_response()
}

/// Yields items until `stop` is cancelled or the subscriber lags too far behind.
pub(super) fn live(
    subscription: Subscription,
    stop: CancellationToken,
) -> impl Stream<Item = Arc<FeedItem>> {
    stream::unfold(
        (subscription, stop),
        |(mut subscription, stop)| async move {
            let received = tokio::select! {
                () = stop.cancelled() => return None,
                received = subscription.recv() => received,
            };
            match received {
                Ok(item) => Some((item, (subscription, stop))),
                Err(Lagged(missed)) => {
                    info!(missed, "Disconnected an event client: it is too slow.");
                    None
                }
            }
        },
    )
}

pub(super) fn event(feed: &EventFeed, item: &FeedItem, daemon: Option<&Arc<str>>) -> Event {
    let name: String = item.name().chars().filter(|c| !c.is_control()).collect();
    Event::default()
        .id(feed.id(item))
        .event(name)
        .data(item.to_json(daemon).to_string())
}

impl FeedItem {
    /// Returns the name of the event.
    pub(super) fn name(&self) -> &str {
        match &self.payload {
            Payload::Delivery(change) => delivery_name(change),
            Payload::Fact(fact) => fact.name(),
            Payload::Rule(item) if item.is_end => RUN,
            Payload::Rule(_) => TRACE,
        }
    }

    /// Returns the names by which the event can be asked for.
    fn names(&self) -> impl Iterator<Item = &str> {
        let general = match &self.payload {
            Payload::Fact(fact) => fact.names().nth(1),
            _ => None,
        };
        std::iter::once(self.name()).chain(general)
    }

    /// Returns the JSON object of the API; in a cluster, with the daemon at which it happened.
    fn to_json(&self, daemon: Option<&Arc<str>>) -> Value {
        let mut object = match &self.payload {
            Payload::Delivery(change) => delivery_to_json(change, self.at),
            Payload::Fact(fact) => fact_to_json(fact, self.at),
            Payload::Rule(item) => Value::Object(item.data.clone()),
        };
        if let Some(daemon) = daemon {
            object["daemon"] = json!(**daemon);
            if let Payload::Delivery(Change { record, .. }) = &self.payload {
                let delivery = Delivery {
                    daemon: Some(Arc::clone(daemon)),
                    record: Arc::clone(record),
                };
                if let (Value::Object(own), Some(fields)) =
                    (delivery.to_json(), object["fields"].as_object_mut())
                {
                    fields.extend(own);
                }
            }
        }
        object
    }
}

/// Returns the name of the event that a delivery ended, or that it began or changed.
pub(super) fn delivery_name(change: &Change) -> &'static str {
    if change.is_end { DELIVERY } else { PROGRESS }
}

/// Returns the JSON object of a delivery that began, changed or ended. Its fields are those of the API; at the
/// end, also those that rules get.
pub(super) fn delivery_to_json(change: &Change, at: SystemTime) -> Value {
    let at = humantime::format_rfc3339_millis(at).to_string();
    let mut fields = change.record.to_json();
    if change.is_end {
        for (name, value) in change.record.event_values() {
            fields[name] = value.into();
        }
    }
    json!({"event": delivery_name(change), "at": at, "fields": fields})
}

/// Returns the JSON object of an event.
pub(super) fn fact_to_json(fact: &Fact, at: SystemTime) -> Value {
    let at = humantime::format_rfc3339_millis(at).to_string();
    let mut object = json!({"event": fact.name(), "at": at, "fields": fields(fact)});
    if let Some(server) = fact.server() {
        object["server"] = server.as_str().into();
    }
    object
}

/// Returns the values of a fact without passwords; the values of a repeated name become a list.
pub(super) fn fields(fact: &Fact) -> Value {
    let mut fields = Map::new();
    for (name, value) in fact.values().filter(|(name, _)| *name != "Event") {
        let value = if is_secret(name) { "[redacted]" } else { value };
        match fields.get_mut(name) {
            None => drop(fields.insert(name.to_owned(), value.into())),
            Some(Value::Array(list)) => list.push(value.into()),
            Some(first) => *first = Value::Array(vec![first.take(), value.into()]),
        }
    }
    Value::Object(fields)
}

/// The name of the events about decisions of rules.
pub(super) const TRACE: &str = "trace";

/// The name of the events about runs of rules that have ended.
pub(super) const RUN: &str = "run";

/// The name of the event that a delivery is over.
const DELIVERY: &str = "handsetd.delivery";

/// The name of the event that a delivery began, or changed before or after its end.
const PROGRESS: &str = "handsetd.delivery.progress";

/// Which events are wanted.
#[derive(Debug, Default)]
struct EventFilter {
    /// Their names in lower case, with `*` for any characters; empty for all.
    names: Vec<String>,
    wanted: Wanted,
}

impl EventFilter {
    fn parse(query: Option<&str>, daemons: &Daemons) -> Result<Self, Reply> {
        let is_cluster = daemons.own().is_some();
        let single: &[&str] = if is_cluster { &[query::DAEMON] } else { &[] };
        let pairs = query::parse(query, single, &["event"])?;
        let wanted = query::wanted(&pairs, daemons)?;
        let names = pairs.into_iter().filter(|(key, _)| key == "event");
        Ok(Self {
            names: names.map(|(_, name)| name.to_ascii_lowercase()).collect(),
            wanted,
        })
    }

    /// Returns whether an event with these names is wanted, in the language of the key `on` of a rule.
    fn matches<'a>(&self, mut names: impl Iterator<Item = &'a str>, daemon: Option<&str>) -> bool {
        if let Wanted::One(wanted) = &self.wanted
            && daemon != Some(wanted.as_str())
        {
            return false;
        }
        let is_match = |name: &str| {
            let name = name.to_ascii_lowercase();
            let mut patterns = self.names.iter();
            patterns.any(|pattern| wildcard::matches(pattern, &name))
        };
        self.names.is_empty() || names.any(is_match)
    }
}

/// How often a comment is sent while there are no events. Only writing reveals that a client has gone:
/// one that merely closed its sending side still listens.
const KEEP_ALIVE: Duration = Duration::from_secs(4);

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use tokio::time::Instant;

    use super::*;
    use crate::admin::Role;
    use crate::admin::long_requests::LongRequests;

    #[tokio::test(start_paused = true)]
    async fn idle_streams_are_kept_alive() {
        let start = Instant::now();
        let place = LongRequests::new(4).stream(Role::Admin).unwrap();
        let mut body = with_keep_alive(stream::pending(), place)
            .into_body()
            .into_data_stream();
        for count in 1..=3 {
            let comment = body.next().await.unwrap().unwrap();
            assert!(comment.starts_with(b":"), "{comment:?}");
            assert_eq!(start.elapsed().as_secs(), count * KEEP_ALIVE.as_secs());
        }
    }

    #[test]
    fn filter_has_the_language_of_rules() {
        let matches = |names: &[&str], name: &str| {
            let filter = EventFilter {
                names: names.iter().map(|name| name.to_ascii_lowercase()).collect(),
                wanted: Wanted::All,
            };
            let names = [
                Some(name),
                name.starts_with("UserEvent.").then_some("UserEvent"),
            ];
            filter.matches(names.into_iter().flatten(), None)
        };
        assert!(matches(&["userevent"], "UserEvent.Door"));
        assert!(matches(&["*_on"], "phone.dnd_on"));
        assert!(matches(&[], "Hangup"));
        assert!(matches(&["hangup", "x"], "Hangup"));
        assert!(!matches(&["x"], "Hangup"));
        assert!(matches(&["phone.*"], "phone.dnd_on"));
        assert!(!matches(&["phone.*"], "phones"));
        assert!(!matches(&["é*"], "a"));
        let of_one = EventFilter {
            names: Vec::new(),
            wanted: Wanted::One("site-b".to_owned()),
        };
        assert!(of_one.matches(["a"].into_iter(), Some("site-b")));
        assert!(!of_one.matches(["a"].into_iter(), Some("site-a")));
    }

    #[test]
    fn event_tells_its_server() {
        let item = |server: &str| FeedItem {
            number: 1,
            at: SystemTime::UNIX_EPOCH,
            daemon: None,
            payload: Payload::Fact(
                Fact::of_phone("dnd_on", "1001", []).of_server(server.parse().ok()),
            ),
        };
        let at = "1970-01-01T00:00:00.000Z";
        let fields = json!({"phone": "1001"});
        assert_eq!(
            item("berlin").to_json(None),
            json!({"event": "phone.dnd_on", "at": at, "fields": fields, "server": "berlin"})
        );
        assert_eq!(
            item("").to_json(None),
            json!({"event": "phone.dnd_on", "at": at, "fields": fields})
        );
        assert_eq!(item("").to_json(Some(&"site-b".into()))["daemon"], "site-b");
    }

    #[test]
    fn repeated_values_become_lists_and_passwords_are_redacted() {
        let values = [("a", "1"), ("b", "2"), ("a", "3"), ("Secret", "hush")];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let fact = Fact::new("handsetd.gap", values);
        let expected = json!({"a": ["1", "3"], "b": "2", "Secret": "[redacted]"});
        assert_eq!(fields(&fact), expected);
    }
}
