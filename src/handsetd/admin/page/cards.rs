//! Every phone as a card, with what was shown on it last.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::{log, render, screen};
use crate::admin::{AppState, phones};
use crate::history::{Record, Search};
use crate::outcome::Status;
use crate::resolver::PhoneSummary;
use handset_phones::phone::{Activity, PhoneState};

/// Answers `/page/phones`; `q` finds some of them.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    RawQuery(query): RawQuery,
) -> Response {
    let wanted = log::value(query.as_deref(), "q").to_lowercase();
    let (phones, away) = phones::everybody(&state).await;
    let fits = |phone: &&PhoneSummary| {
        let words = [
            &phone.name,
            &phone.vendor,
            &phone.model,
            &phone.address,
            &phone.endpoint,
        ];
        words
            .iter()
            .any(|word| word.to_lowercase().contains(&wanted))
    };
    let found: Vec<&PhoneSummary> = phones.iter().filter(fits).collect();
    let search = Search {
        status: Some(Status::Ok),
        ..Search::default()
    };
    let history = state.parts.dispatcher.history();
    let mut last: HashMap<String, Arc<Record>> = HashMap::new();
    for record in history.find(&search, MAX_LOOKED_AT) {
        if matches!(record.verb.as_str(), "push" | "clear") {
            last.entry(record.phone.clone()).or_insert(record);
        }
    }
    let cards: Vec<Value> = found
        .iter()
        .take(MAX_CARDS)
        .map(|phone| {
            let last = last.get(&phone.name).map(AsRef::as_ref);
            card(phone, phones::phone_state(&state, phone), last)
        })
        .collect();
    let hidden = found.len().saturating_sub(cards.len());
    render::html(
        "phones.html",
        context! { cards, hidden, away, all => phones.len() },
    )
}

fn card(phone: &PhoneSummary, state: PhoneState, last: Option<&Record>) -> Value {
    let shown = last.filter(|record| record.verb == "push");
    let screen = shown.map(|record| screen::draw(record.vendor, &phone.model, &record.keys));
    context! {
        phone => Value::from(Serde(phone)),
        state => if phone.registered { "registered" } else { "not registered" },
        doing => doing(state),
        screen => screen.unwrap_or_else(|| Value::from("")),
        since => shown.map(|record| log::time(record.at)).unwrap_or_default(),
    }
}

/// Says in words what a phone is doing, as far as that is known.
fn doing(state: PhoneState) -> Vec<&'static str> {
    let activity = state.activity.map(Activity::word);
    let hook = (state.off_hook == Some(true)).then_some("off hook");
    let dnd = (state.dnd == Some(true)).then_some("do not disturb");
    activity.into_iter().chain(hook).chain(dnd).collect()
}

/// How many cards are shown; who has more looks for them.
const MAX_CARDS: usize = 200;

/// How far back is looked for what a phone shows.
const MAX_LOOKED_AT: usize = 5000;
