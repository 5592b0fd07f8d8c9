//! `/phones`: all phones, as cards with what was pushed last, or as a table.

mod state;

pub(super) use state::State as Shown;

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Extension, RawQuery, State};
use axum::response::Response;
use handset_phones::Given;
use handset_phones::phone::{PhoneNames, Target};
use minijinja::value::Serde;
use minijinja::{Value, context};

use crate::admin::page::listing::{self, Filters};
use crate::admin::page::shell::{self, View, Visitor};
use crate::admin::page::{render, screen};
use crate::admin::phones;
use crate::admin::state::AppState;
use crate::history::{Record, Search};
use crate::outcome::Status;
use crate::resolver::PhoneSummary;

/// Handles `GET /phones`; `q`, `state`, `vendor` and `group` narrow the list, `sort` orders it, and `as`
/// says whether it is a table.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(visitor): Extension<Visitor>,
    RawQuery(query): RawQuery,
) -> Response {
    let filters = Filters::parse(query.as_deref());
    let (phones, errors) = phones::known_phones(&state).await;
    let all: Vec<(&PhoneSummary, Shown)> = phones
        .iter()
        .map(|phone| (phone, shown(&state, phone)))
        .collect();
    let members = members(&state, filters.get("group"));
    let mut found: Vec<&(&PhoneSummary, Shown)> = all
        .iter()
        .filter(|(phone, shown)| matches(phone, *shown, &filters, members.as_ref()))
        .collect();
    sort(&mut found, filters.get("sort"));
    let is_table = match filters.get("as") {
        "table" => true,
        "cards" => false,
        _ => phones.len() > MAX_CARDS_UNASKED,
    };
    let shown = &found[..found.len().min(MAX_SHOWN)];
    let pushes = if is_table {
        HashMap::new()
    } else {
        last_pushes(&state)
    };
    let rows: Vec<Value> = shown
        .iter()
        .map(|(phone, shown)| row(phone, *shown, pushes.get(&phone.name).map(AsRef::as_ref)))
        .collect();
    let values = context! {
        rows,
        errors,
        is_table,
        has_csta => phones.iter().any(|phone| phone.csta.is_some()),
        hidden => found.len().saturating_sub(shown.len()),
        total => phones.len(),
        q => filters.get("q"),
        others => others(&filters),
        chips => chips(&state, &all, &filters),
        columns => COLUMNS.map(|(key, label)| {
            let is_sorted = filters.get("sort") == key || (key == "name" && filters.get("sort").is_empty());
            context! { label, is_sorted, address => filters.address("/phones", "sort", key) }
        }),
        as_cards => filters.address("/phones", "as", "cards"),
        as_table => filters.address("/phones", "as", "table"),
    };
    shell::view(&state, &visitor, View::Phones, "views/phones.html", values)
}

/// Returns what a phone is doing.
pub(super) fn shown(state: &AppState, phone: &PhoneSummary) -> Shown {
    let servers = state.services.health.servers.borrow();
    let is_own = |name: &str| phone.server.is_empty() || phone.server == name;
    let is_followed = !phone.endpoint.is_empty()
        && servers
            .iter()
            .any(|server| is_own(server.name()) && server.state().borrow().is_connected());
    Shown::of(phone, phones::phone_state(state, phone), is_followed)
}

/// Returns the filters that the search field does not set.
fn others(filters: &Filters) -> Vec<Value> {
    let others = filters.pairs().iter().filter(|(key, _)| key != "q");
    others
        .map(|(name, value)| context! { name, value })
        .collect()
}

/// Returns the names of the phones in a group; `None` without a group.
fn members(state: &AppState, group: &str) -> Option<HashSet<String>> {
    if group.is_empty() {
        return None;
    }
    let resolver = &state.services.resolver;
    let names = PhoneNames::parse(Given::written(group)).ok()?;
    let targets = resolver.targets(&names, None);
    let name = |target: &Target| match target.entry() {
        Some(entry) => resolver.named(entry).name,
        None => target.name().to_owned(),
    };
    Some(targets.iter().map(name).collect())
}

/// Returns the links that narrow the list: by state with how many there are, by vendor, by group.
fn chips(state: &AppState, all: &[(&PhoneSummary, Shown)], filters: &Filters) -> Vec<Value> {
    let states = Shown::ALL.into_iter().filter_map(|shown| {
        let count = all.iter().filter(|(_, of)| *of == shown).count();
        let is_set = filters.get("state") == shown.key();
        (0 < count || is_set).then(|| {
            let chip = filters.chip("/phones", ("state", shown.key()), shown.words());
            context! { count, class => shown.key(), ..chip }
        })
    });
    let mut vendors: Vec<&str> = all.iter().map(|(phone, _)| phone.vendor.as_str()).collect();
    vendors.sort_unstable();
    vendors.dedup();
    let vendors = vendors.into_iter().filter(|vendor| !vendor.is_empty());
    let vendors = vendors.map(|vendor| filters.chip("/phones", ("vendor", vendor), vendor));
    let groups = state.services.resolver.groups();
    let groups = groups
        .iter()
        .take(MAX_GROUPS)
        .map(|group| filters.chip("/phones", ("group", group), group));
    let plain = vendors
        .chain(groups)
        .map(|chip| context! { count => (), class => "", ..chip });
    states.chain(plain).collect()
}

fn matches(
    phone: &PhoneSummary,
    shown: Shown,
    filters: &Filters,
    members: Option<&HashSet<String>>,
) -> bool {
    let text = filters.get("q").to_lowercase();
    let texts = [
        &phone.name,
        &phone.vendor,
        &phone.model,
        &phone.address,
        &phone.mac,
        &phone.endpoint,
    ];
    let is = |key: &str, value: &str| filters.get(key).is_empty() || filters.get(key) == value;
    texts.iter().any(|of| of.to_lowercase().contains(&text))
        && is("state", shown.key())
        && is("vendor", &phone.vendor)
        && members.is_none_or(|members| members.contains(&phone.name))
}

/// Sorts by a column; phones without a value come last.
fn sort(found: &mut [&(&PhoneSummary, Shown)], column: &str) {
    let text = |phone: &PhoneSummary| match column {
        "model" => format!("{} {}", phone.vendor, phone.model)
            .trim()
            .to_owned(),
        "firmware" => phone.firmware.clone(),
        "address" => phone.address.clone(),
        "endpoint" => phone.endpoint.clone(),
        _ => phone.name.clone(),
    };
    if column == "state" {
        found.sort_by_key(|(_, shown)| *shown);
    } else {
        found.sort_by_cached_key(|(phone, _)| {
            let text = text(phone);
            (text.is_empty(), natural(&text))
        });
    }
}

/// Returns a key by which `9` comes before `10`: the text in lower case, with its numbers filled up.
fn natural(text: &str) -> String {
    let mut key = String::new();
    let mut digits = String::new();
    for letter in text.to_lowercase().chars().chain(['\0']) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        if !digits.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(key, "{digits:0>12}");
            digits.clear();
        }
        key.push(letter);
    }
    key
}

/// Returns the last push to each phone whose screen has not been cleared since.
pub(super) fn last_pushes(state: &AppState) -> HashMap<String, Arc<Record>> {
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

fn row(phone: &PhoneSummary, shown: Shown, push: Option<&Record>) -> Value {
    let screen = push.map(|record| screen::render(record.vendor, &phone.model, &record.keys));
    context! {
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

/// How many groups have a link; the search field of the form for requests finds the others.
const MAX_GROUPS: usize = 12;

/// How many recent deliveries are searched for pushes.
const MAX_DELIVERIES: usize = 5000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_sorted_by_value() {
        let mut names = ["desk 10", "Desk 9", "101", "99", "desk"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["99", "101", "desk", "Desk 9", "desk 10"]);
    }
}
