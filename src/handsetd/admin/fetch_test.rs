//! `POST phones/NAME/fetch-test`: whether phones fetch what handsetd serves. For `handsetd phones --why`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, Path, State};
use futures_util::future::join_all;
use handset_phones::Given;
use handset_phones::phone::{Phone, PhoneNames};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::accounts::Principal;
use super::reply::Reply;
use super::role::Role;
use super::state::AppState;
use crate::deliver::FetchTest;
use crate::outcome::Outcome;

/// Handles `POST phones/NAME/fetch-test`. The result is a list with one element for each phone.
pub(super) async fn post(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
) -> Reply {
    // The document of the test may close what a phone shows.
    if let Err(reply) = principal.require(Role::Send, "fetch-test") {
        return reply;
    }
    match results(&state, &name).await {
        Ok((results, missing)) => Reply::ok(results.into()).with("reason", missing.join("; ")),
        Err(reply) => reply,
    }
}

/// Tests the phones that `name` names; returns what was found for each, and which were not found; or
/// why none is tested.
async fn results(state: &AppState, name: &str) -> Result<(Vec<Value>, Vec<String>), Reply> {
    let (phones, missing) = phones(state, name).await?;
    let courier = &state.services.courier;
    let tests = phones.iter().map(|phone| courier.test_fetch(phone));
    let tests = join_all(tests).await;
    let results = phones.iter().zip(&tests);
    let results = results.map(|(phone, test)| to_json(phone, test));
    Ok((results.collect(), missing))
}

/// Returns the phones that `name` names, and why others are missing; or why none can be tested.
pub(super) async fn phones(
    state: &AppState,
    name: &str,
) -> Result<(Vec<Phone>, Vec<String>), Reply> {
    let names = match PhoneNames::parse(Given::written(name)) {
        Ok(names) => names,
        Err(error) => return Err(Reply::invalid(error.to_string())),
    };
    let resolver = &state.services.resolver;
    let until = Instant::now() + LOOK_UP_TIMEOUT;
    resolver.inquire(&names, None, until).await;
    let (mut phones, mut missing) = (Vec::new(), Vec::new());
    for found in resolver.find(&names, None) {
        match found {
            Ok(phone) => phones.push(phone),
            Err(not_found) => missing.push(not_found.outcome.reason),
        }
    }
    if phones.is_empty() {
        return Err(Reply::not_found(missing.join("; ")));
    }
    if MAX_PHONES < phones.len() {
        let count = phones.len();
        let reason = format!("{name:?} names {count} phones; test at most {MAX_PHONES} at once");
        return Err(Reply::invalid(reason));
    }
    Ok((phones, missing))
}

fn to_json(phone: &Phone, test: &FetchTest) -> Value {
    let outcome =
        |outcome: &Outcome| json!({"status": outcome.status.word(), "reason": outcome.reason});
    let refused = test.refusals.map(|(ip, refusals)| {
        json!({
            "address": ip.to_string(),
            "count": refusals.count,
            "last": humantime::format_rfc3339_seconds(refusals.last).to_string(),
        })
    });
    json!({
        "phone": phone.name,
        "vendor": phone.vendor.to_string(),
        "address": phone.address.to_string(),
        "url": test.url.as_ref().map(ToString::to_string),
        "shows": test.shows,
        "fetched": outcome(&test.fetched),
        "own_request": outcome(&test.own_request),
        "refused": refused,
    })
}

/// How long Asterisk may take to tell which phones are meant.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(2);

/// How many phones are tested at once.
const MAX_PHONES: usize = 16;
