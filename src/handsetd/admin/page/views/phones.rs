//! `/phones`: all phones, as cards with what was pushed last, or as a table.

use std::sync::Arc;

use axum::extract::{Extension, RawQuery, State};
use axum::response::Response;
use minijinja::value::Serde;
use minijinja::{Value, context};

use crate::admin::page::listing::{self, Filters};
use crate::admin::page::shell::{self, View, Visitor};
use crate::admin::page::{daemons, render, screen};
use crate::admin::phones::{self, ListPhones, PhoneRow, Shown, Summary};
use crate::admin::state::AppState;
use crate::resolver::PhoneSummary;

/// Handles `GET /phones`; `q`, `state`, `vendor`, `group` and `daemon` narrow the list, `sort` orders it, and
/// `as` says whether it is a table.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(visitor): Extension<Visitor>,
    RawQuery(query): RawQuery,
) -> Response {
    let services = &state.services;
    let filters = Filters::parse(query.as_deref());
    let text = |key: &str| filters.get(key).to_owned();
    let question = ListPhones {
        text: text("q"),
        state: text("state"),
        vendor: text("vendor"),
        group: text("group"),
        sort: Some(text("sort")),
        limit: Some(MAX_SHOWN),
        has_pushes: filters.get("as") != "table",
    };
    let wanted = daemons::wanted(services, &filters);
    let merged = phones::merged(services, &wanted, question).await;
    let summary = &merged.summary;
    let is_table = match filters.get("as") {
        "table" => true,
        "cards" => false,
        _ => summary.total > MAX_CARDS_UNASKED,
    };
    let rows = merged.rows.iter();
    let rows: Vec<Value> = rows
        .map(|(daemon, found)| row(daemon.as_deref(), found))
        .collect();
    let values = context! {
        hidden => summary.found.saturating_sub(rows.len()),
        rows,
        errors => merged.errors,
        missing => daemons::banner(&merged.missing),
        daemon => daemons::select(services, &filters),
        has_daemons => services.daemons.own().is_some(),
        is_table,
        has_csta => summary.has_csta,
        total => summary.total,
        q => filters.get("q"),
        others => others(&filters),
        chips => chips(summary, &filters),
        columns => COLUMNS.map(|(key, label)| {
            let is_sorted = filters.get("sort") == key || (key == "name" && filters.get("sort").is_empty());
            context! { label, is_sorted, address => filters.address("/phones", "sort", key) }
        }),
        as_cards => filters.address("/phones", "as", "cards"),
        as_table => filters.address("/phones", "as", "table"),
    };
    shell::view(&state, &visitor, View::Phones, "views/phones.html", values)
}

/// Returns the filters that no field sets.
fn others(filters: &Filters) -> Vec<Value> {
    let has_field = |key: &str| matches!(key, "q" | "daemon");
    let others = filters.pairs().iter().filter(|(key, _)| !has_field(key));
    others
        .map(|(name, value)| context! { name, value })
        .collect()
}

/// Returns the links that narrow the list: by state with how many there are, by vendor, by group.
fn chips(summary: &Summary, filters: &Filters) -> Vec<Value> {
    let states = Shown::ALL.into_iter().filter_map(|shown| {
        let count = summary.count(shown);
        let is_set = filters.get("state") == shown.key();
        (0 < count || is_set).then(|| {
            let chip = filters.chip("/phones", ("state", shown.key()), shown.words());
            context! { count, class => shown.key(), ..chip }
        })
    });
    let vendors = summary.vendors.iter();
    let vendors = vendors.map(|vendor| filters.chip("/phones", ("vendor", vendor), vendor));
    let groups = summary
        .groups
        .iter()
        .take(MAX_GROUPS)
        .map(|group| filters.chip("/phones", ("group", group), group));
    let plain = vendors
        .chain(groups)
        .map(|chip| context! { count => (), class => "", ..chip });
    states.chain(plain).collect()
}

fn row(daemon: Option<&str>, row: &PhoneRow) -> Value {
    let (phone, shown, push) = (&row.phone, row.shown, row.push.as_deref());
    let screen = push.map(|record| screen::render(record.vendor, &phone.model, &record.keys));
    context! {
        daemon,
        address => listing::phone_address(&phone.name, daemon),
        // Unique on the page, which keeps by it what is shown.
        key => format!("{}{}", listing::segment(&phone.name), daemon.unwrap_or_default()),
        phone => Value::from(Serde(phone)),
        csta => csta(phone),
        path => listing::segment(&phone.name),
        class => shown.key(),
        state => shown.words(),
        screen => screen.unwrap_or_else(|| Value::from("")),
        pushed_at => push.map(|record| listing::time(record.at)).unwrap_or_default(),
    }
}

/// Renders the CSTA session of a phone; empty if it can have none.
pub(super) fn csta(phone: &PhoneSummary) -> Value {
    let Some(session) = &phone.csta else {
        return Value::from("");
    };
    let values = context! {
        session => session.session,
        registered => session.registered.is_some(),
        since => session.since.map(|since| listing::time(since.into())).unwrap_or_default(),
        reason => session.last_refusal.as_deref().unwrap_or_default(),
    };
    render::safe("csta.html", values)
}

/// The columns of the table, and the words in its head.
const COLUMNS: [(&str, &str); 6] = [
    ("name", "Phone"),
    ("state", "State"),
    ("model", "Model"),
    ("firmware", "Firmware"),
    ("address", "Address"),
    ("endpoint", "Endpoint"),
];

/// Above this number, phones are listed in a table unless the address asks for cards.
const MAX_CARDS_UNASKED: usize = 12;

/// Maximum number of phones in the list; the filters find the others.
const MAX_SHOWN: usize = 500;

/// How many groups have a link, of those of all daemons.
const MAX_GROUPS: usize = 12;
