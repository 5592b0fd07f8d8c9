//! `/phones/NAME`: one phone: its state, how it was found, what it showed last, and its deliveries.

use std::sync::Arc;

use axum::extract::{Extension, Path, RawQuery, State};
use axum::response::Response;
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::deliveries::table;
use super::phones::csta;
use crate::admin::daemons::Wanted;
use crate::admin::deliveries;
use crate::admin::page::listing::{self, Filters};
use crate::admin::page::shell::{self, View, Visitor};
use crate::admin::page::{daemons, screen};
use crate::admin::phones::{self, FindPhone};
use crate::admin::state::AppState;
use crate::history::{Record, Search};
use crate::outcome::Status;

/// Handles `GET /phones/NAME`.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let services = &state.services;
    let filters = Filters::parse(query.as_deref());
    let wanted = daemons::wanted(services, &filters);
    let question = FindPhone {
        name: name.clone(),
        is_exact: true,
    };
    let (daemon, own) = match phones::locate(services, &wanted, question).await {
        Ok(located) => located,
        Err(reply) => {
            return shell::not_found(&state, &visitor, View::Phones, reply.reason());
        }
    };
    let Some(row) = own.first() else {
        let reason = format!("No phone {name:?} is configured or registered.");
        return shell::not_found(&state, &visitor, View::Phones, &reason);
    };
    let phone = &row.phone;
    let search = Search {
        // The daemon that has it may know it by its name alone.
        phone: Some(phone.name.clone()),
        ..Search::default()
    };
    let query = deliveries::Query {
        search,
        wanted: daemon
            .as_ref()
            .map_or(Wanted::All, |daemon| Wanted::One(daemon.to_string())),
        ..deliveries::Query::default()
    };
    let (found, missing) = deliveries::find(services, &query, MAX_DELIVERIES).await;
    let pushed = |record: &&Arc<Record>| record.verb == "push" && record.status == Status::Ok;
    let screens: Vec<Value> = found
        .iter()
        .map(|delivery| &delivery.record)
        .filter(pushed)
        .take(MAX_SCREENS)
        .map(|record| {
            let screen = screen::render(record.vendor, &phone.model, &record.keys);
            context! { screen, at => listing::time(record.at) }
        })
        .collect();
    let latest = found.get(..MAX_ROWS).unwrap_or(&found);
    let values = context! {
        phone => Value::from(Serde(phone)),
        contacts => own.iter().skip(1).map(|other| Value::from(other.phone.address.as_str())).collect::<Vec<_>>(),
        path => listing::segment(&name),
        daemon => daemon.as_deref(),
        missing => daemons::banner(&missing),
        csta => csta(phone),
        class => row.shown.key(),
        state => row.shown.words(),
        activity => &row.state.activity,
        hook => &row.state.hook,
        dnd => &row.state.dnd,
        screens,
        deliveries => table(latest, &visitor.principal),
        all_deliveries => Filters::of(&[
            ("phone", &phone.name),
            ("daemon", daemon.as_deref().unwrap_or_default()),
        ]).address("/deliveries", "", ""),
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
