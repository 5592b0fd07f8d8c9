//! `/phones/NAME`: one phone: its state, how it was found, what it showed last, and its deliveries.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::response::Response;
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::deliveries;
use super::phones::{csta, shown};
use crate::admin::page::listing;
use crate::admin::page::screen;
use crate::admin::page::shell::{self, View, Visitor};
use crate::admin::phones;
use crate::admin::state::AppState;
use crate::history::{Record, Search};
use crate::outcome::Status;

/// Handles `GET /phones/NAME`.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
) -> Response {
    let (all, errors) = phones::known_phones(&state).await;
    let own: Vec<_> = all.iter().filter(|phone| phone.name == name).collect();
    let Some(phone) = own.first() else {
        let reason = format!("No phone {name:?} is configured or registered.");
        let reason = [&[reason], errors.as_slice()].concat().join(" ");
        return shell::not_found(&state, &visitor, View::Phones, &reason);
    };
    let activity = phones::phone_state(&state, phone);
    let shown = shown(&state, phone);
    let search = Search {
        phone: Some(name.clone()),
        ..Search::default()
    };
    let records = state.services.history.find(&search, MAX_DELIVERIES);
    let pushed = |record: &&Arc<Record>| record.verb == "push" && record.status == Status::Ok;
    let screens: Vec<Value> = records
        .iter()
        .filter(pushed)
        .take(MAX_SCREENS)
        .map(|record| {
            let screen = screen::render(record.vendor, &phone.model, &record.keys);
            context! { screen, at => listing::time(record.at) }
        })
        .collect();
    let latest = &records[..records.len().min(MAX_ROWS)];
    let values = context! {
        phone => Value::from(Serde(phone)),
        contacts => own.iter().skip(1).map(|other| Value::from(other.address.as_str())).collect::<Vec<_>>(),
        path => listing::segment(&name),
        csta => csta(phone),
        class => shown.key(),
        state => shown.words(),
        activity => activity.activity(),
        hook => activity.hook(),
        dnd => activity.dnd(),
        screens,
        deliveries => deliveries::table(latest, &visitor.principal),
    };
    shell::page(
        &state,
        &visitor,
        View::Phones,
        &name,
        "views/phone.html",
        values,
    )
}

/// How many of the phone's last deliveries are searched for pushes.
const MAX_DELIVERIES: usize = 200;

/// How many of its last screens are shown.
const MAX_SCREENS: usize = 3;

/// How many of its last deliveries are listed.
const MAX_ROWS: usize = 10;
