//! What programs on the bus of a cluster get: replies and events as those of the API.

use std::time::SystemTime;

use handset_phones::verb::{Request, UnknownVerb, Verb};
use serde_json::Value;

use super::body;
use super::reply::Reply;
use super::requests::deliver;
use super::stream::{delivery_name, delivery_to_json, fact_to_json};
use crate::dispatch::Dispatcher;
use crate::history::{Change, RequestInfo, Requester};
use crate::outcome::Report;
use crate::rules::Fact;

/// Executes a request as `POST do/VERB` does; returns the JSON of its reply. Who may ask for which verb is
/// decided by NATS.
pub(crate) async fn answer_bus(dispatcher: &Dispatcher, verb: &str, body: &[u8]) -> Value {
    let (report, id) = execute(dispatcher, verb, body).await;
    Reply::of(&report, &id).body
}

async fn execute(dispatcher: &Dispatcher, name: &str, body: &[u8]) -> (Report, String) {
    let refuse = |info: RequestInfo, reason: String| {
        let report = dispatcher.refuse(&info, reason);
        (report, info.id.to_string())
    };
    let nothing = || RequestInfo::new(Requester::Bus, name, Vec::new());
    let verb: Verb = match name.parse() {
        Ok(verb) => verb,
        Err(unknown) => return refuse(nothing(), UnknownVerb::to_string(&unknown)),
    };
    if body.len() > body::MAX_BODY {
        let reason = format!(
            "the body is too long; the limit is {} bytes",
            body::MAX_BODY
        );
        return refuse(nothing(), reason);
    }
    let pairs = match body::parse(verb, body) {
        Ok(pairs) => pairs,
        Err(reason) => return refuse(nothing(), reason),
    };
    let info = RequestInfo::new(Requester::Bus, name, pairs);
    let pairs = info.keys.iter().map(|(key, value)| (key, value));
    match Request::parse(name, pairs) {
        Ok(request) => {
            let report = deliver(dispatcher, request, &info).await;
            (report, info.id.to_string())
        }
        Err(refusal) => refuse(info, refusal.to_string()),
    }
}

/// Returns the name and the JSON of the event that a delivery began, changed or ended.
pub(crate) fn delivery_event(change: &Change, at: SystemTime) -> (&'static str, Value) {
    (delivery_name(change), delivery_to_json(change, at))
}

/// Returns the JSON of an event, in which long values are cut.
pub(crate) fn fact_event(fact: &Fact, at: SystemTime) -> Value {
    fact_to_json(&fact.excerpt(), at)
}
