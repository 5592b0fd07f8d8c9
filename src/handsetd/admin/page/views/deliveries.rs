//! `/deliveries`: the history as a table, newest first.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Extension, RawQuery, State};
use axum::response::Response;
use handset_phones::phone::Vendor;
use handset_phones::verb::{Row, TABLE, Verb};
use minijinja::{Value, context};

use crate::admin::accounts::Principal;
use crate::admin::deliveries::{self, DEFAULT_LIMIT, Delivery, Query};
use crate::admin::page::listing::{self, Filters};
use crate::admin::page::shell::{self, View, Visitor};
use crate::admin::page::{daemons, preview, render};
use crate::admin::role::Role;
use crate::admin::state::AppState;
use crate::history::Record;
use crate::outcome::Status;

/// Handles `GET /deliveries`, with the criteria of the API.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(visitor): Extension<Visitor>,
    RawQuery(query): RawQuery,
) -> Response {
    let services = &state.services;
    let (found, missing, error) = match Query::parse(query.as_deref(), &services.daemons) {
        Ok(query) => {
            let limit = query.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_ROWS);
            let (found, missing) = deliveries::find(services, &query, limit).await;
            (found, missing, String::new())
        }
        Err(reply) => (Vec::new(), Vec::new(), reply.reason().to_owned()),
    };
    let filters = Filters::parse(query.as_deref());
    let is_full = found.len() == MAX_ROWS;
    let values = context! {
        error,
        daemon => daemons::select(services, &filters),
        missing => daemons::banner(&missing),
        table => table(&found, &visitor.principal),
        verbs => TABLE.iter().map(Row::name).collect::<Vec<_>>(),
        statuses => Status::ALL.map(Status::word),
        wanted => KEYS
            .iter()
            .map(|key| ((*key).to_owned(), filters.get(key).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        older => is_full
            .then(|| found.last())
            .flatten()
            .map(|last| filters.address("/deliveries", "before", &before(last))),
        export => (!found.is_empty())
            .then(|| filters.address("/deliveries.csv", "before", "")),
        newest => (!filters.get("before").is_empty())
            .then(|| filters.address("/deliveries", "before", "")),
    };
    shell::view(
        &state,
        &visitor,
        View::Deliveries,
        "views/deliveries.html",
        values,
    )
}

/// Handles `GET /deliveries.csv`: all deliveries that the criteria find, as a file.
pub(super) async fn export(
    State(state): State<Arc<AppState>>,
    RawQuery(query): RawQuery,
) -> Response {
    deliveries::export(&state.services, query.as_deref()).await
}

/// Returns the value of `before` for what follows a delivery.
fn before(last: &Delivery) -> String {
    match last.position() {
        Some(position) => position.to_string(),
        None => last.record.number.to_string(),
    }
}

/// Renders deliveries as a table.
pub(super) fn table(deliveries: &[Delivery], principal: &Principal) -> Value {
    let rows: Vec<Value> = deliveries
        .iter()
        .map(|delivery| row(delivery, principal))
        .collect();
    let has_daemons = deliveries.iter().any(|delivery| delivery.daemon.is_some());
    render::safe("deliveries_table.html", context! { rows, has_daemons })
}

fn row(Delivery { daemon, record }: &Delivery, principal: &Principal) -> Value {
    let daemon = daemon.as_deref();
    let steps: Vec<Value> = record
        .steps
        .iter()
        .map(|step| {
            context! {
                transport => &*step.transport,
                request => step.request.as_str(),
                reply => step.reply.as_str(),
                took => listing::took(step.duration),
            }
        })
        .collect();
    let keys: Vec<Value> = record
        .keys
        .iter()
        .map(|(key, value)| context! { name => key, value => value.as_str() })
        .collect();
    let is_over = record.duration.is_some();
    let can_repeat = is_over && may_request(principal, &record.verb);
    let has_to_be_confirmed = Verb::find(&record.verb).is_none_or(preview::needs_confirmation);
    context! {
        id => record.id.to_string(),
        // Unique on the page, which keeps by it what is unfolded.
        key => format!("{}{}", record.number, daemon.unwrap_or_default()),
        daemon,
        at => listing::time(record.at),
        requester => record.requester.to_string(),
        verb => &record.verb,
        text => text(record),
        keys,
        phone => &record.phone,
        path => listing::segment(&record.phone),
        address => listing::phone_address(&record.phone, daemon),
        vendor => record.vendor.map_or("", Vendor::name),
        status => record.status.word(),
        reason => record.reason.as_str(),
        took => record.duration.map(listing::took).unwrap_or_default(),
        can_cancel => !is_over && deliveries::may_cancel(principal, Some(record)),
        can_repeat,
        at_once => can_repeat && record.is_whole && !has_to_be_confirmed,
        steps,
    }
}

/// Returns the value that says most about what was requested: the title, the text, or the main key.
fn text(record: &Record) -> &str {
    let main = Verb::find(&record.verb).and_then(|verb| verb.row().main_key);
    let value = |wanted: &str| {
        let found = record.keys.iter().find(|(key, _)| key == wanted);
        found.map(|(_, value)| value.as_str())
    };
    let mut keys = [Some("text"), main, Some("title")].into_iter().flatten();
    keys.find_map(value).unwrap_or_default()
}

fn may_request(principal: &Principal, verb: &str) -> bool {
    let role = principal.role();
    Role::Send <= role && Verb::find(verb).is_some_and(|verb| Role::for_verb(verb) <= role)
}

/// The filters that have a field.
const KEYS: [&str; 6] = ["asker", "phone", "since", "status", "text", "verb"];

const MAX_ROWS: usize = 50;
