//! The phones as cards, each with the screen that was pushed to it last.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use handset_phones::phone::{Activity, PhoneState};
use minijinja::value::Serde;
use minijinja::{Value, context};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{logs, render, screen};
use crate::admin::phones;
use crate::admin::state::AppState;
use crate::history::{Record, Search};
use crate::outcome::Status;
use crate::resolver::PhoneSummary;

/// Handles `GET /page/phones`; `q` filters the phones.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    RawQuery(query): RawQuery,
) -> Response {
    let filter = logs::query_value(query.as_deref(), "q");
    let filter = filter.trim().to_lowercase();
    let (phones, errors) = phones::known_phones(&state).await;
    let found: Vec<&PhoneSummary> = phones
        .iter()
        .filter(|phone| matches(phone, &filter))
        .collect();
    let pushes = last_pushes(&state);
    let cards: Vec<Value> = found
        .iter()
        .take(MAX_CARDS)
        .map(|phone| {
            let push = pushes.get(&phone.name).map(AsRef::as_ref);
            card(phone, phones::phone_state(&state, phone), push)
        })
        .collect();
    let hidden = found.len().saturating_sub(cards.len());
    render::html(
        "phones.html",
        context! { cards, hidden, errors, total => phones.len() },
    )
}

/// Whether a phone contains `filter`, in lower case, in any of its texts.
fn matches(phone: &PhoneSummary, filter: &str) -> bool {
    [
        &phone.name,
        &phone.vendor,
        &phone.model,
        &phone.address,
        &phone.endpoint,
    ]
    .iter()
    .any(|text| text.to_lowercase().contains(filter))
}

/// Returns the last push to each phone whose screen has not been cleared since.
fn last_pushes(state: &AppState) -> HashMap<String, Arc<Record>> {
    let search = Search {
        status: Some(Status::Ok),
        ..Search::default()
    };
    let records = state.services.history.find(&search, MAX_DELIVERIES);
    let mut last: HashMap<String, Arc<Record>> = HashMap::new();
    for record in records {
        if matches!(record.verb.as_str(), "push" | "clear") {
            last.entry(record.phone.clone()).or_insert(record);
        }
    }
    last.retain(|_, record| record.verb == "push");
    last
}

fn card(phone: &PhoneSummary, state: PhoneState, push: Option<&Record>) -> Value {
    let screen = push.map(|record| screen::render(record.vendor, &phone.model, &record.keys));
    context! {
        phone => Value::from(Serde(phone)),
        path => utf8_percent_encode(&phone.name, NON_ALPHANUMERIC).to_string(),
        state => if phone.registered { "registered" } else { "not registered" },
        activities => activities(state),
        screen => screen.unwrap_or_else(|| Value::from("")),
        pushed_at => push.map(|record| logs::time(record.at)).unwrap_or_default(),
    }
}

/// Describes what a phone is doing, as far as that is known.
fn activities(state: PhoneState) -> Vec<&'static str> {
    let activity = state.activity.map(Activity::word);
    let hook = (state.off_hook == Some(true)).then_some("off hook");
    let dnd = (state.dnd == Some(true)).then_some("do not disturb");
    activity.into_iter().chain(hook).chain(dnd).collect()
}

/// Maximum number of cards; the filter finds the others.
const MAX_CARDS: usize = 200;

/// How many recent deliveries are searched for pushes.
const MAX_DELIVERIES: usize = 5000;
