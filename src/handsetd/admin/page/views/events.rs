//! `/events`: the recent events, newest first.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::extract::{Extension, RawQuery, State};
use axum::response::Response;
use minijinja::value::Serde;
use minijinja::{Value, context};

use crate::admin::daemons::{Missing, Wanted};
use crate::admin::page::daemons;
use crate::admin::page::listing::{self, Filters};
use crate::admin::page::shell::{self, View, Visitor};
use crate::admin::question::LocalQuestion;
use crate::admin::recent_events::{RecentEvent, RecentEvents};
use crate::admin::state::{AppState, Services};
use crate::admin::stream;

/// Handles `GET /events`; `name`, `phone` and `daemon` narrow the list.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(visitor): Extension<Visitor>,
    RawQuery(query): RawQuery,
) -> Response {
    let services = &state.services;
    let filters = Filters::parse(query.as_deref());
    let wanted = daemons::wanted(services, &filters);
    let (rows, missing) = recent(services, &wanted, &filters, MAX_ROWS).await;
    let (name, phone) = (filters.get("name"), filters.get("phone"));
    let values = context! {
        rows,
        name,
        phone,
        missing => daemons::banner(&missing),
        daemon => daemons::select(services, &filters),
    };
    shell::view(&state, &visitor, View::Events, "views/events.html", values)
}

/// Returns up to `limit` recent events that match, newest first.
pub(super) async fn recent(
    services: &Services,
    wanted: &Wanted,
    filters: &Filters,
    limit: usize,
) -> (Vec<Value>, Vec<Missing>) {
    let question = RecentEvents {
        name: filters.get("name").to_owned(),
        value: filters.get("phone").to_owned(),
        limit,
    };
    let found = question.of(wanted, services).await;
    let (mut events, missing) = found.into_rows();
    if services.daemons.own().is_some() {
        // Stable: events of one daemon keep their order.
        events.sort_by_key(|(_, event)| Reverse(event.at));
    }
    events.truncate(limit);
    let rows = events.iter();
    let rows = rows.map(|(daemon, event)| row(daemon.as_deref(), event));
    (rows.collect(), missing)
}

fn row(daemon: Option<&str>, event: &RecentEvent) -> Value {
    let fact = &event.fact;
    let fields = stream::fields(fact);
    let first = fields.as_object().into_iter().flatten().take(SUMMARIZED);
    let summary: Vec<String> = first
        .map(|(name, value)| match value.as_str() {
            Some(text) => format!("{name}={text}"),
            None => format!("{name}={value}"),
        })
        .collect();
    context! {
        number => event.number,
        daemon,
        // Unique on the page, which keeps by it what is unfolded.
        key => format!("{}{}", event.number, daemon.unwrap_or_default()),
        // What the buttons send.
        values => serde_json::json!({
            "number": event.number.to_string(),
            "daemon": daemon.unwrap_or_default(),
        })
        .to_string(),
        at => listing::time(event.at),
        name => fact.name(),
        summary => summary.join(" "),
        fields => Value::from(Serde(fields)),
    }
}

/// How many fields of an event are on its line.
const SUMMARIZED: usize = 4;

const MAX_ROWS: usize = 100;
