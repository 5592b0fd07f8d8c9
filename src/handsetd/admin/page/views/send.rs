//! `/send`: the form for requests, with a preview beside it.

use std::sync::Arc;

use axum::extract::{Extension, RawQuery, State};
use axum::response::Response;
use handset_phones::verb::{Row, TABLE, Verb};
use minijinja::{Value, context};

use crate::admin::daemons::Wanted;
use crate::admin::deliveries;
use crate::admin::favourites::Favourite;
use crate::admin::page::listing::Filters;
use crate::admin::page::shell::{self, View, Visitor};
use crate::admin::page::{daemons, favourites, fields};
use crate::admin::phones::{self, ListPhones};
use crate::admin::role::Role;
use crate::admin::state::{AppState, Services};

/// Handles `GET /send`. The query fills in the form: `verb`, `phone` and other keys, or `from`, the id
/// of a delivery, or `favourite`, the id of a favourite.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(visitor): Extension<Visitor>,
    RawQuery(query): RawQuery,
) -> Response {
    if !visitor.may(Role::Send) {
        let role = visitor.principal.role();
        let reason = format!(
            "Sending requires the role send; {} has {role}.",
            visitor.principal.name()
        );
        return shell::not_found(&state, &visitor, View::Phones, &reason);
    }
    let filters = Filters::parse(query.as_deref());
    let (from, favourite) = (filters.get("from"), filters.get("favourite"));
    let (draft, note) = if !favourite.is_empty() {
        match favourites::find(&state, favourite).await {
            Some(favourite) => (Draft::from(favourite), ""),
            None => (Draft::default(), "This favourite no longer exists."),
        }
    } else if from.is_empty() {
        (Draft::of(&filters), "")
    } else {
        match Draft::again(&state.services, from).await {
            Some(draft) => (draft, AGAIN),
            None => (
                Draft::default(),
                "This delivery is no longer in the history.",
            ),
        }
    };
    let role = visitor.principal.role();
    let verbs = TABLE.iter().filter(|row| Role::for_verb(row.verb) <= role);
    let verb = draft.verb.as_deref().unwrap_or("push");
    let question = ListPhones {
        limit: Some(MAX_OFFERED),
        ..ListPhones::default()
    };
    let known = phones::merged(&state.services, &Wanted::All, question).await;
    let phones = known.rows.iter().map(|(daemon, row)| {
        let (phone, daemon) = (&row.phone, daemon.as_deref().unwrap_or_default());
        let kind = format!("{} {} {daemon}", phone.vendor, phone.model);
        context! { name => &phone.name, kind => kind.trim() }
    });
    let groups = known.summary.groups.iter();
    let groups = groups.map(|name| context! { name, kind => "group" });
    let values = context! {
        note,
        missing => daemons::banner(&known.missing),
        phone => draft.phone,
        names => groups.chain(phones).collect::<Vec<Value>>(),
        verb,
        verbs => verbs.map(Row::name).collect::<Vec<_>>(),
        fields => fields::render(verb, &draft.pairs),
        favourites => favourites::list(&state, &visitor.principal).await,
    };
    shell::view(&state, &visitor, View::Send, "views/send.html", values)
}

/// What the form is filled in with.
#[derive(Debug, Default)]
struct Draft {
    verb: Option<String>,
    phone: String,
    pairs: Vec<(String, String)>,
}

impl Draft {
    fn of(filters: &Filters) -> Self {
        let verb = Verb::find(filters.get("verb")).map(|verb| verb.to_string());
        Self {
            verb,
            phone: filters.get("phone").to_owned(),
            pairs: filters.pairs().to_vec(),
        }
    }

    /// Returns the request of a delivery, to all its phones, as far as the history has it.
    async fn again(services: &Services, id: &str) -> Option<Self> {
        let (found, _) = deliveries::of_request(services, id, None, MAX_PHONES).await;
        let first = &found.first()?.record;
        let pairs = first
            .keys
            .iter()
            .filter(|(key, _)| !matches!(key.as_str(), "phone" | "wait"))
            .map(|(key, value)| (key.clone(), value.as_str().to_owned()));
        let named = first.keys.iter().find(|(key, _)| key == "phone");
        let phones = found.iter();
        let mut phones: Vec<&str> = phones.map(|found| found.record.phone.as_str()).collect();
        phones.reverse();
        Some(Self {
            verb: Some(first.verb.clone()),
            phone: named.map_or_else(|| phones.join("&"), |(_, phone)| phone.as_str().to_owned()),
            pairs: pairs.collect(),
        })
    }
}

impl From<Favourite> for Draft {
    fn from(favourite: Favourite) -> Self {
        let phone = favourite.keys.iter().find(|(key, _)| key == "phone");
        Self {
            verb: Some(favourite.verb),
            phone: phone.map(|(_, phone)| phone.clone()).unwrap_or_default(),
            pairs: favourite.keys,
        }
    }
}

const AGAIN: &str = "Filled in from the history, which keeps no passwords, and no texts unless history.texts \
                     allows it. Nothing is sent yet.";

/// How many phones of a delivery are named again.
const MAX_PHONES: usize = 100;

/// How many phones are offered while a name is typed; any other can be written.
const MAX_OFFERED: usize = 20_000;
