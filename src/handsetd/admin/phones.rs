//! `GET phones` and `GET phones/NAME`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use handset_phones::Given;
use handset_phones::phone::{PhoneNames, PhoneState, ServerName, Target};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::query;
use super::reply::Reply;
use super::state::AppState;
use crate::resolver::PhoneSummary;

/// Handles `GET phones`.
pub(super) async fn list(State(state): State<Arc<AppState>>, RawQuery(query): RawQuery) -> Reply {
    if let Err(reply) = query::parse(query.as_deref(), &[], &[]) {
        return reply;
    }
    let (phones, errors) = known_phones(&state).await;
    let result = phones.iter().map(|phone| to_json(&state, phone)).collect();
    Reply::ok(result).with("reason", errors.join("; "))
}

/// Handles `GET phones/NAME`; of a phone with several contacts, the first is returned.
pub(super) async fn get(State(state): State<Arc<AppState>>, Path(name): Path<String>) -> Reply {
    let names = match PhoneNames::parse(Given::written(&name)) {
        Ok(names) => names,
        Err(error) => return Reply::invalid(error.to_string()),
    };
    let resolver = &state.services.resolver;
    let until = Instant::now() + ROSTER_TIMEOUT;
    resolver.inquire_owners(&names, None, until).await;
    let targets = resolver.targets(&names, None);
    if let [target @ (Target::Ambiguous { .. } | Target::Unplaced { .. })] = targets.as_slice()
        && let Some(Err(refused)) = resolver.not_an_entry(target).into_iter().next()
    {
        return Reply::invalid(refused.outcome.reason);
    }
    let name_of = |target: &Target| match target.entry() {
        Some(entry) => resolver.named(entry).name,
        None => target.name().to_owned(),
    };
    let names: Vec<String> = targets.iter().map(name_of).collect();
    let (phones, errors) = known_phones(&state).await;
    let is_named = |phone: &&PhoneSummary| {
        names.iter().any(|name| {
            phone.name == *name || phone.address == *name || phone.mac.eq_ignore_ascii_case(name)
        })
    };
    let Some(phone) = phones.iter().find(is_named) else {
        let reason = format!("no phone {name:?} is configured or registered");
        let reasons: Vec<String> = std::iter::once(reason).chain(errors).collect();
        return Reply::not_found(reasons.join("; "));
    };
    if names.len() > 1 {
        let more = names.len().saturating_sub(MAX_NAMED);
        let mut names: Vec<_> = names.into_iter().take(MAX_NAMED).collect();
        names.extend((more > 0).then(|| format!("{more} more")));
        let names = names.join(", ");
        return Reply::invalid(format!("{name:?} names more than one phone: {names}"));
    }
    Reply::ok(to_json(&state, phone))
        .with("phone", &phone.name)
        .with("vendor", &phone.vendor)
}

/// Returns all phones, and the errors of the servers whose phones are missing.
pub(super) async fn known_phones(state: &AppState) -> (Vec<PhoneSummary>, Vec<String>) {
    let resolver = &state.services.resolver;
    let (phones, errors) = resolver.list(Instant::now() + ROSTER_TIMEOUT).await;
    (phones, errors.iter().map(ToString::to_string).collect())
}

fn to_json(state: &AppState, phone: &PhoneSummary) -> Value {
    let mut object = json!(phone);
    let state = phone_state(state, phone);
    object["state"] =
        json!({"activity": state.activity(), "hook": state.hook(), "dnd": state.dnd()});
    object
}

/// Returns the activity of a phone: what it reported itself, completed by what Asterisk reports of its
/// endpoint.
pub(super) fn phone_state(state: &AppState, phone: &PhoneSummary) -> PhoneState {
    let states = &state.services.states;
    let server = phone.server.parse::<ServerName>().ok();
    let of = |name: &str| states.of(server.as_ref(), name);
    of(&phone.name).or(of(&phone.endpoint))
}

/// How many phones a reason names.
const MAX_NAMED: usize = 5;

/// How long to wait for a server whose registrations are being loaded.
const ROSTER_TIMEOUT: Duration = Duration::from_millis(500);
