//! One delivery: what was asked of one phone, and what came of it.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::requester::Requester;
use crate::outcome::{DeliveryId, Status, StepRecord};
use handset_phones::phone::Vendor;

/// What was asked, by whom.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    /// The number, which all phones of the request share.
    pub id: DeliveryId,
    /// Who asked.
    pub asker: Requester,
    /// The verb.
    pub verb: String,
    /// The keys and values, as they were given.
    pub keys: Vec<(String, String)>,
}

impl RequestInfo {
    /// Gives a request a new number.
    pub fn new(asker: Requester, verb: &str, keys: Vec<(String, String)>) -> Self {
        Self {
            id: DeliveryId::random(),
            asker,
            verb: verb.to_owned(),
            keys,
        }
    }
}

/// What the history keeps of a delivery to one phone.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its place in the history: later ones have greater numbers.
    pub number: u64,
    /// The number of the request.
    pub id: DeliveryId,
    /// Who asked.
    pub asker: Requester,
    /// The verb.
    pub verb: String,
    /// The keys and values, without passwords, and without texts if the configuration says so.
    pub keys: Vec<(String, String)>,
    /// The phone; empty if none was found.
    pub phone: String,
    /// Its vendor.
    pub vendor: Option<Vendor>,
    /// When it was asked, by the clock on the wall.
    pub at: SystemTime,
    /// The same by a clock that nobody sets: by this it grows old.
    pub(super) begun: Instant,
    /// How long it took; `None` while it is under way.
    pub took: Option<Duration>,
    /// What came of it; `QUEUED` while it is under way.
    pub status: Status,
    /// Why.
    pub reason: String,
    /// What was done, in order.
    pub steps: Vec<StepRecord>,
}

impl Record {
    /// Returns the value of a key, the first one if it repeats.
    pub fn key(&self, name: &str) -> Option<&str> {
        let found = self.keys.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns it as programs read it.
    pub fn to_json(&self) -> Value {
        let steps = self.steps.iter().map(|step| {
            json!({
                "way": step.way,
                "sent": step.sent,
                "said": step.said,
                "took": step.took.as_secs_f64(),
            })
        });
        json!({
            "id": self.id.to_string(),
            "at": time(self.at),
            "asker": self.asker,
            "verb": self.verb,
            "keys": object(&self.keys),
            "phone": self.phone,
            "vendor": self.vendor.map_or("", Vendor::name),
            "status": self.status.word(),
            "reason": self.reason,
            "took": self.took.map(|took| took.as_secs_f64()),
            "steps": steps.collect::<Vec<_>>(),
        })
    }
}

/// Returns a time as RFC 3339 writes it.
fn time(at: SystemTime) -> String {
    humantime::format_rfc3339_millis(at).to_string()
}

/// Returns names and values as an object, with lists where a name repeats.
fn object(pairs: &[(String, String)]) -> Value {
    let mut object = Map::new();
    for (name, value) in pairs {
        let value = Value::from(value.as_str());
        match object.get_mut(name) {
            None => drop(object.insert(name.clone(), value)),
            Some(Value::Array(list)) => list.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }
    Value::Object(object)
}
