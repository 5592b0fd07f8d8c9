//! `/events`: the recent events, newest first.

use std::sync::Arc;

use axum::extract::{Extension, RawQuery, State};
use axum::response::Response;
use minijinja::value::Serde;
use minijinja::{Value, context};

use crate::admin::feed::{FeedItem, Payload};
use crate::admin::page::listing::{self, Filters};
use crate::admin::page::shell::{self, View, Visitor};
use crate::admin::state::AppState;
use crate::admin::stream;
use crate::rules::Fact;

/// Handles `GET /events`; `name` and `phone` narrow the list.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(visitor): Extension<Visitor>,
    RawQuery(query): RawQuery,
) -> Response {
    let filters = Filters::parse(query.as_deref());
    let rows = recent(&state, &filters, MAX_ROWS);
    let (name, phone) = (filters.get("name"), filters.get("phone"));
    let values = context! { rows, name, phone };
    shell::view(&state, &visitor, View::Events, "views/events.html", values)
}

/// Returns up to `limit` recent events that match.
pub(super) fn recent(state: &AppState, filters: &Filters, limit: usize) -> Vec<Value> {
    let (name, phone) = (filters.get("name"), filters.get("phone"));
    let items = state.services.feed.facts(usize::MAX);
    let rows = items
        .iter()
        .filter_map(|item| {
            fact(item)
                .filter(|fact| matches(fact, name, phone))
                .map(|fact| (item, fact))
        })
        .map(|(item, fact)| row(item, fact));
    rows.take(limit).collect()
}

fn fact(item: &FeedItem) -> Option<&Fact> {
    match &item.payload {
        Payload::Fact(fact) => Some(fact),
        Payload::Delivery(_) => None,
    }
}

/// Returns whether the name of an event contains `name`, and one of its values `phone`, in any case.
fn matches(fact: &Fact, name: &str, phone: &str) -> bool {
    let contains = |text: &str, part: &str| {
        part.is_empty() || text.to_lowercase().contains(&part.to_lowercase())
    };
    contains(fact.name(), name.trim_end_matches('*'))
        && (phone.is_empty() || fact.values().any(|(_, value)| contains(value, phone)))
}

fn row(item: &FeedItem, fact: &Fact) -> Value {
    let fields = stream::fields(fact);
    let first = fields.as_object().into_iter().flatten().take(SUMMARIZED);
    let summary: Vec<String> = first
        .map(|(name, value)| match value.as_str() {
            Some(text) => format!("{name}={text}"),
            None => format!("{name}={value}"),
        })
        .collect();
    context! {
        number => item.number,
        at => listing::time(item.at),
        name => fact.name(),
        summary => summary.join(" "),
        fields => Value::from(Serde(fields)),
    }
}

/// How many fields of an event are on its line.
const SUMMARIZED: usize = 4;

const MAX_ROWS: usize = 100;

#[cfg(test)]
mod tests {
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
}
