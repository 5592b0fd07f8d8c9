//! `POST deliveries/ID/again`: makes the request of a delivery once more.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Extension, RawQuery, State};
use axum::http::HeaderMap;
use handset_net::excerpt::excerpt;

use super::accounts::Principal;
use super::body::NoKeys;
use super::deliveries::{self, Delivery};
use super::idempotency::Fingerprint;
use super::path::Path;
use super::query;
use super::reply::Reply;
use super::requests::{self, Answer};
use super::role::Role;
use super::state::AppState;
use crate::history::Record;

/// Handles `POST deliveries/ID/again`.
pub(super) async fn post(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    _: NoKeys,
) -> Reply {
    let query = match query::parse(query.as_deref(), &KEYS, &[]) {
        Ok(query) => query,
        Err(reply) => return reply,
    };
    let phone = query.into_iter().next().map(|(_, phone)| phone);
    let phone = phone.filter(|phone| !phone.is_empty());
    match requests::idempotency_key(&headers, &principal) {
        Ok(Some(key)) => once(state, principal, id, phone, &key).await,
        Ok(None) => reply(&state, &principal, &id, phone.as_deref()).await,
        Err(reply) => reply,
    }
}

/// Makes the request `id` once more, unless that was done with this key.
pub(super) async fn once(
    state: Arc<AppState>,
    principal: Principal,
    id: String,
    phone: Option<String>,
    key: &str,
) -> Reply {
    let fingerprint = Fingerprint::of("again", phone.as_deref(), id.as_bytes());
    let repeat_state = Arc::clone(&state);
    let repeat = async move { reply(&repeat_state, &principal, &id, phone.as_deref()).await };
    requests::once(&state, key, fingerprint, repeat).await
}

async fn reply(state: &AppState, principal: &Principal, id: &str, phone: Option<&str>) -> Reply {
    match again(state, principal, id, phone).await {
        Ok(answer) => answer.into_reply(),
        Err(reply) => reply,
    }
}

/// Makes the request `id` once more for the phones it was for, or for one of them, as a new request of
/// the user; or returns why not.
async fn again(
    state: &AppState,
    principal: &Principal,
    id: &str,
    phone: Option<&str>,
) -> Result<Answer, Reply> {
    principal.require(Role::Send, "POST")?;
    let services = &state.services;
    let (found, missing) = deliveries::of_request(services, id, phone, usize::MAX).await;
    let Some(Delivery { record, .. }) = found.first() else {
        let id = excerpt(id, MAX_SHOWN);
        let reason = match phone {
            None => format!("unknown delivery {id:?}"),
            Some(phone) => {
                let phone = excerpt(phone, MAX_SHOWN);
                format!("there is no delivery {id:?} to the phone {phone:?}")
            }
        };
        return Err(Reply::not_found(reason).with_missing(&services.daemons, &missing));
    };
    if found
        .iter()
        .any(|delivery| delivery.record.duration.is_none())
    {
        let reason = format!("delivery {id} is not over; wait for its end, or cancel it first");
        return Err(Reply::invalid(reason));
    }
    if !record.is_whole {
        let reason = format!(
            "delivery {id} cannot be repeated: passwords, long values or, with history.texts = false, texts \
             of it were not recorded; make the request again"
        );
        return Err(Reply::invalid(reason));
    }
    // A name means the phone of the daemon that has the delivery.
    let mut by_daemon: BTreeMap<Option<Arc<str>>, Vec<Arc<Record>>> = BTreeMap::new();
    for Delivery { daemon, record } in &found {
        let records = by_daemon.entry(daemon.clone()).or_default();
        records.push(Arc::clone(record));
    }
    let by_daemon = by_daemon.into_iter();
    let parts = by_daemon.map(|(daemon, records)| (daemon, pairs(&records)));
    Ok(requests::answer_at(services, principal, &record.verb, parts.collect()).await)
}

/// Returns the keys of a request to the phones of these deliveries, which are of one request.
fn pairs(records: &[Arc<Record>]) -> Vec<(String, String)> {
    let keys = records.first().map(|record| &record.keys);
    let keys = keys.into_iter().flat_map(|keys| keys.iter());
    let pairs = keys.map(|(key, value)| (key.clone(), value.as_str().to_owned()));
    // Oldest first, as they were begun.
    let phones = records.iter().rev().map(|record| record.phone.clone());
    let phones: Vec<_> = phones.filter(|phone| !phone.is_empty()).collect();
    if phones.is_empty() {
        // No phone was found, or none was needed.
        return pairs.collect();
    }
    let phones = std::iter::once(("phone".to_owned(), phones.join("&")));
    pairs
        .filter(|(key, _)| key != "phone")
        .chain(phones)
        .collect()
}

/// The keys of the query.
pub(super) const KEYS: [&str; 1] = ["phone"];

/// How much of an unknown id or name is shown, in bytes.
const MAX_SHOWN: usize = 100;
