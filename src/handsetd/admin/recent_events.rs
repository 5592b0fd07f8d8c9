//! The recent events of all daemons, and what rules would do with one of them.

mod draft;
mod dry_run;

pub(super) use draft::DraftRule;
pub(super) use dry_run::{DryRun, DryRunReport};

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use handset_ami::wire::is_secret;
use serde::{Deserialize, Serialize};

use super::daemons::Question;
use super::feed::{FeedItem, Payload};
use super::question::LocalQuestion;
use super::state::Services;
use crate::rules::Fact;

/// Asks for recent events, newest first.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecentEvents {
    /// Part of the name, in any case.
    pub(super) name: String,
    /// Part of a value, in any case.
    pub(super) value: String,
    /// How many are wanted at most.
    pub(super) limit: usize,
}

/// An event.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(from = "Wire", into = "Wire")]
pub(super) struct RecentEvent {
    /// Its number in the feed of its daemon.
    pub(super) number: u64,
    pub(super) at: SystemTime,
    pub(super) fact: Fact,
}

/// An event between daemons, without passwords.
#[derive(Deserialize, Serialize)]
struct Wire {
    number: u64,
    /// In milliseconds since 1970 in UTC.
    at: u64,
    name: String,
    #[serde(default)]
    values: Vec<(String, String)>,
    #[serde(default)]
    server: Option<String>,
}

impl Question for RecentEvents {
    const NAME: &'static str = "events";
    type Answer = Vec<RecentEvent>;

    fn shorten(events: &mut Vec<RecentEvent>) -> bool {
        events.truncate(events.len() / 2);
        !events.is_empty()
    }
}

impl LocalQuestion for RecentEvents {
    async fn here(self, services: &Services) -> Vec<RecentEvent> {
        let items = services.feed.facts(usize::MAX);
        let events = items.iter().filter_map(|item| RecentEvent::of(item));
        let found = events.filter(|event| matches(&event.fact, &self.name, &self.value));
        found.take(self.limit).collect()
    }
}

impl RecentEvent {
    fn of(item: &FeedItem) -> Option<Self> {
        match &item.payload {
            Payload::Fact(fact) => Some(Self {
                number: item.number,
                at: item.at,
                fact: fact.clone(),
            }),
            Payload::Delivery(_) | Payload::Rule(_) => None,
        }
    }
}

/// Returns the event of that number, if it is still kept.
fn of_number(services: &Services, number: u64) -> Option<Fact> {
    let item = services.feed.get(number)?;
    RecentEvent::of(&item).map(|event| event.fact)
}

/// Returns whether the name of an event contains `name`, and one of its values `value`, in any case.
fn matches(fact: &Fact, name: &str, value: &str) -> bool {
    let contains = |text: &str, part: &str| {
        part.is_empty() || text.to_lowercase().contains(&part.to_lowercase())
    };
    contains(fact.name(), name.trim_end_matches('*'))
        && (value.is_empty() || fact.values().any(|(_, own)| contains(own, value)))
}

impl From<RecentEvent> for Wire {
    fn from(event: RecentEvent) -> Self {
        let since = event.at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let values = event.fact.values().filter(|(name, _)| *name != "Event");
        let values = values.map(|(name, value)| {
            let value = if is_secret(name) { "[redacted]" } else { value };
            (name.to_owned(), value.to_owned())
        });
        Self {
            number: event.number,
            at: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            name: event.fact.name().to_owned(),
            values: values.collect(),
            server: event.fact.server().map(ToString::to_string),
        }
    }
}

impl From<Wire> for RecentEvent {
    fn from(wire: Wire) -> Self {
        let server = wire.server.and_then(|server| server.parse().ok());
        let since = Duration::from_millis(wire.at.min(MAX_TIME));
        Self {
            number: wire.number,
            at: UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH),
            fact: Fact::new(&wire.name, wire.values).of_server(server),
        }
    }
}

/// The end of the year 9999 in milliseconds, beyond which a time has no text in RFC 3339.
const MAX_TIME: u64 = 253_402_300_799_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_found_by_part_of_name_and_phone() {
        let value = ("Peer".to_owned(), "PJSIP/1001".to_owned());
        let fact = Fact::new("PeerStatus", [value]);
        assert!(matches(&fact, "", ""));
        assert!(matches(&fact, "peer", "pjsip/1001"));
        assert!(matches(&fact, "Peer*", "1001"));
        assert!(!matches(&fact, "Hangup", ""));
        assert!(!matches(&fact, "", "1002"));
    }

    #[test]
    fn events_are_the_same_elsewhere_without_their_passwords() {
        let values = [("a", "1"), ("b", "2"), ("a", "3"), ("Secret", "hush")];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let event = RecentEvent {
            number: 7,
            at: UNIX_EPOCH + Duration::from_millis(5),
            fact: Fact::new("handsetd.gap", values).of_server("berlin".parse().ok()),
        };
        let json = json!(event);
        assert!(!json.to_string().contains("hush"));
        let there: RecentEvent = serde_json::from_value(json).unwrap();
        assert_eq!((there.number, there.at), (7, event.at));
        assert_eq!(there.fact.name(), "handsetd.gap");
        assert_eq!(there.fact.server().unwrap().as_str(), "berlin");
        let values: Vec<_> = there.fact.values().skip(1).collect();
        let expected = [("a", "1"), ("b", "2"), ("a", "3"), ("Secret", "[redacted]")];
        assert_eq!(values, expected);
        // What others send is bounded by nothing but the length of their answer.
        let last = json!({"number": 0, "at": u64::MAX, "name": "", "server": "\u{0}/"});
        let last: RecentEvent = serde_json::from_value(last).unwrap();
        assert!(last.fact.server().is_none());
        humantime::format_rfc3339_millis(last.at).to_string();
    }
}
