//! Who is known: `GET phones` and `GET phones/NAME`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::reply::Reply;
use super::{Office, query};
use crate::finder::Sighting;
use crate::phone::{PhoneState, Target};

/// Answers `GET phones`.
pub(super) async fn all(State(office): State<Arc<Office>>, RawQuery(given): RawQuery) -> Reply {
    if let Err(reply) = query::read(given.as_deref(), &[], &[]) {
        return reply;
    }
    let (phones, away) = everybody(&office).await;
    let object = |phone| object(&office, phone);
    let mut reply = Reply::found(phones.iter().map(object).collect());
    if let Some(reason) = reply.body.get_mut("reason") {
        *reason = Value::from(away.join("; "));
    }
    reply
}

/// Answers `GET phones/NAME`; a phone with several contacts is told by its first.
pub(super) async fn one(State(office): State<Arc<Office>>, Path(name): Path<String>) -> Reply {
    let targets = office.parts.dispatcher.finder().targets(&name);
    let names: Vec<&str> = targets.iter().map(Target::name).collect();
    let (phones, away) = everybody(&office).await;
    let known = |phone: &&Sighting| {
        let is_at = |text: &str| phone.address == text || phone.mac.eq_ignore_ascii_case(text);
        names.iter().any(|name| phone.name == *name || is_at(name))
    };
    let found: Vec<&Sighting> = phones.iter().filter(known).collect();
    let Some(phone) = found.first() else {
        let why = format!("no phone {name:?} is configured or registered");
        let why = std::iter::once(why).chain(away).collect::<Vec<_>>();
        return Reply::not_found(why.join("; "));
    };
    if names.len() > 1 {
        let names = names.join(", ");
        return Reply::invalid(format!("{name:?} is more than one phone: {names}"));
    }
    let mut reply = Reply::found(object(&office, phone));
    for (key, value) in [("phone", &phone.name), ("vendor", &phone.vendor)] {
        if let Some(place) = reply.body.get_mut(key) {
            *place = Value::from(value.as_str());
        }
    }
    reply
}

/// Returns everybody, and why some servers do not tell.
pub(super) async fn everybody(office: &Office) -> (Vec<Sighting>, Vec<String>) {
    let finder = office.parts.dispatcher.finder();
    let (phones, away) = finder.everybody(Instant::now() + PATIENCE).await;
    (phones, away.iter().map(ToString::to_string).collect())
}

/// Returns a phone as programs read it.
fn object(office: &Office, phone: &Sighting) -> Value {
    let mut object = json!(phone);
    let state = state(office, phone);
    if let Some(members) = object.as_object_mut() {
        let state = json!({"activity": state.activity(), "hook": state.hook(), "dnd": state.dnd()});
        members.insert("state".to_owned(), state);
    }
    object
}

/// Returns what a phone is doing: what it told itself under its name, then what Asterisk says of its
/// endpoint.
pub(super) fn state(office: &Office, phone: &Sighting) -> PhoneState {
    let states = &office.parts.states;
    states.of(&phone.name).or(states.of(&phone.endpoint))
}

/// How long is waited for a server that is being read.
const PATIENCE: Duration = Duration::from_millis(500);
