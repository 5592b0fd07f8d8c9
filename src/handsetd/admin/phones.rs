//! Who is known: `GET phones` and `GET phones/NAME`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::reply::Reply;
use super::{AppState, query};
use crate::resolver::PhoneSummary;
use handset_phones::phone::{PhoneState, Target};

/// Answers `GET phones`.
pub(super) async fn all(State(state): State<Arc<AppState>>, RawQuery(given): RawQuery) -> Reply {
    if let Err(reply) = query::read(given.as_deref(), &[], &[]) {
        return reply;
    }
    let (phones, away) = everybody(&state).await;
    let object = |phone| object(&state, phone);
    let mut reply = Reply::found(phones.iter().map(object).collect());
    if let Some(reason) = reply.body.get_mut("reason") {
        *reason = Value::from(away.join("; "));
    }
    reply
}

/// Answers `GET phones/NAME`; a phone with several contacts is told by its first.
pub(super) async fn one(State(state): State<Arc<AppState>>, Path(name): Path<String>) -> Reply {
    let targets = state.parts.dispatcher.resolver().targets(&name);
    let names: Vec<&str> = targets.iter().map(Target::name).collect();
    let (phones, away) = everybody(&state).await;
    let known = |phone: &&PhoneSummary| {
        let is_at = |text: &str| phone.address == text || phone.mac.eq_ignore_ascii_case(text);
        names.iter().any(|name| phone.name == *name || is_at(name))
    };
    let found: Vec<&PhoneSummary> = phones.iter().filter(known).collect();
    let Some(phone) = found.first() else {
        let why = format!("no phone {name:?} is configured or registered");
        let why = std::iter::once(why).chain(away).collect::<Vec<_>>();
        return Reply::not_found(why.join("; "));
    };
    if names.len() > 1 {
        let names = names.join(", ");
        return Reply::invalid(format!("{name:?} is more than one phone: {names}"));
    }
    let mut reply = Reply::found(object(&state, phone));
    for (key, value) in [("phone", &phone.name), ("vendor", &phone.vendor)] {
        if let Some(place) = reply.body.get_mut(key) {
            *place = Value::from(value.as_str());
        }
    }
    reply
}

/// Returns everybody, and why some servers do not tell.
pub(super) async fn everybody(state: &AppState) -> (Vec<PhoneSummary>, Vec<String>) {
    let resolver = state.parts.dispatcher.resolver();
    let (phones, away) = resolver.everybody(Instant::now() + PATIENCE).await;
    (phones, away.iter().map(ToString::to_string).collect())
}

/// Returns a phone as programs read it.
fn object(state: &AppState, phone: &PhoneSummary) -> Value {
    let mut object = json!(phone);
    let state = phone_state(state, phone);
    if let Some(members) = object.as_object_mut() {
        let state = json!({"activity": state.activity(), "hook": state.hook(), "dnd": state.dnd()});
        members.insert("state".to_owned(), state);
    }
    object
}

/// Returns what a phone is doing: what it told itself under its name, then what Asterisk says of its
/// endpoint.
pub(super) fn phone_state(state: &AppState, phone: &PhoneSummary) -> PhoneState {
    let states = &state.parts.states;
    states.of(&phone.name).or(states.of(&phone.endpoint))
}

/// How long is waited for a server that is being read.
const PATIENCE: Duration = Duration::from_millis(500);
