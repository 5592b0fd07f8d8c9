//! Deliveries and events, the newest first.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::render;
use crate::admin::feed::{FeedItem, Payload};
use crate::admin::{AppState, deliveries as search, stream};
use crate::history::Record;
use handset_phones::phone::Vendor;

/// Answers `/page/deliveries`, with the same search as the API.
pub(super) async fn deliveries(
    State(state): State<Arc<AppState>>,
    RawQuery(query): RawQuery,
) -> Response {
    let (found, wrong) = match search::search(query.as_deref()) {
        Ok((search, limit)) => {
            let history = state.parts.dispatcher.history();
            (history.find(&search, limit.min(MAX_ROWS)), String::new())
        }
        Err(reply) => {
            let reason = reply.body["reason"].as_str().unwrap_or_default().to_owned();
            (Vec::new(), reason)
        }
    };
    let rows: Vec<Value> = found.iter().map(|record| row(record)).collect();
    render::html("deliveries.html", context! { rows, wrong })
}

fn row(record: &Record) -> Value {
    let steps: Vec<Value> = record
        .steps
        .iter()
        .map(|step| {
            context! {
                way => step.way,
                sent => &step.sent,
                said => &step.said,
                took => format!("{:.0}", step.took.as_secs_f64() * 1000.0),
            }
        })
        .collect();
    context! {
        id => record.id.to_string(),
        at => time(record.at),
        asker => record.requester.to_string(),
        verb => &record.verb,
        keys => &record.keys,
        phone => &record.phone,
        vendor => record.vendor.map_or("", Vendor::name),
        status => record.status.word(),
        reason => &record.reason,
        took => record.duration.map(|took| format!("{:.0}", took.as_secs_f64() * 1000.0)).unwrap_or_default(),
        is_open => record.duration.is_none(),
        steps,
    }
}

/// Answers `/page/events`.
pub(super) async fn events(State(state): State<Arc<AppState>>) -> Response {
    let facts = state.parts.feed.facts(MAX_ROWS);
    let rows: Vec<Value> = facts.iter().filter_map(|news| event(news)).collect();
    render::html("events.html", context! { rows })
}

fn event(news: &FeedItem) -> Option<Value> {
    let Payload::Fact(fact) = &news.what else {
        return None;
    };
    Some(context! {
        number => news.number,
        at => time(news.at),
        name => fact.name(),
        fields => Value::from(Serde(stream::fields(fact))),
    })
}

/// Returns a time of day, in UTC.
pub(super) fn time(at: SystemTime) -> String {
    let text = humantime::format_rfc3339_seconds(at).to_string();
    let (day, time) = text.split_once('T').unwrap_or(("", &text));
    format!("{day} {}", time.trim_end_matches('Z'))
}

/// Returns the value of a key of a query; empty if it has none.
pub(super) fn value(query: Option<&str>, key: &str) -> String {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let mut found = pairs.filter(|(known, _)| known == key);
    found
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// How many rows are shown.
const MAX_ROWS: usize = 50;
