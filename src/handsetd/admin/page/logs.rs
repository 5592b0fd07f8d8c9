//! The lists of deliveries and events, newest first.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::{Extension, RawQuery, State};
use axum::response::Response;
use handset_phones::phone::Vendor;
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::render;
use crate::admin::accounts::Principal;
use crate::admin::feed::{FeedItem, Payload};
use crate::admin::state::AppState;
use crate::admin::{deliveries, stream};
use crate::history::Record;

/// Handles `GET /page/deliveries`, with the criteria of `GET deliveries`.
pub(super) async fn deliveries(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    RawQuery(query): RawQuery,
) -> Response {
    let (records, error) = match deliveries::parse_search(query.as_deref()) {
        Ok((search, limit)) => {
            let records = deliveries::find(&state, search, limit.min(MAX_ROWS)).await;
            (records, String::new())
        }
        Err(reply) => (Vec::new(), reply.reason().to_owned()),
    };
    let rows: Vec<Value> = records
        .iter()
        .map(|record| delivery(record, &principal))
        .collect();
    render::html("deliveries.html", context! { rows, error })
}

fn delivery(record: &Record, principal: &Principal) -> Value {
    let steps: Vec<Value> = record
        .steps
        .iter()
        .map(|step| {
            context! {
                transport => &*step.transport,
                request => step.request.as_str(),
                reply => step.reply.as_str(),
                duration => milliseconds(step.duration),
            }
        })
        .collect();
    let keys: Vec<Value> = record
        .keys
        .iter()
        .map(|(key, value)| context! { name => key, value => value.as_str() })
        .collect();
    context! {
        id => record.id.to_string(),
        at => time(record.at),
        requester => record.requester.to_string(),
        verb => &record.verb,
        keys,
        phone => &record.phone,
        vendor => record.vendor.map_or("", Vendor::name),
        status => record.status.word(),
        reason => record.reason.as_str(),
        duration => record.duration.map(milliseconds).unwrap_or_default(),
        can_cancel => record.duration.is_none() && deliveries::may_cancel(principal, Some(record)),
        steps,
    }
}

/// Handles `GET /page/events`.
pub(super) async fn events(State(state): State<Arc<AppState>>) -> Response {
    let items = state.services.feed.facts(MAX_ROWS);
    let rows: Vec<Value> = items.iter().filter_map(|item| event(item)).collect();
    render::html("events.html", context! { rows })
}

fn event(item: &FeedItem) -> Option<Value> {
    let Payload::Fact(fact) = &item.payload else {
        return None;
    };
    Some(context! {
        number => item.number,
        at => time(item.at),
        name => fact.name(),
        fields => Value::from(Serde(stream::fields(fact))),
    })
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.0}", duration.as_secs_f64() * 1000.0)
}

/// Formats a time as date and time of day, in UTC.
pub(super) fn time(at: SystemTime) -> String {
    let text = humantime::format_rfc3339_seconds(at).to_string();
    let (day, time) = text.split_once('T').unwrap_or(("", &text));
    format!("{day} {}", time.trim_end_matches('Z'))
}

/// Returns the value of a key of the query; empty if the key is missing.
pub(super) fn query_value(query: Option<&str>, key: &str) -> String {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(name, _)| name == key)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

const MAX_ROWS: usize = 50;
