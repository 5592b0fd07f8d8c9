//! The record of one delivery: a request for one phone, and its result.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use handset_phones::phone::{ServerName, Vendor};
use serde_json::{Map, Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::redact::{self, Redacted};
use super::requester::Requester;
use crate::outcome::{DeliveryId, Status};

/// A request and who made it.
#[derive(Clone, Debug)]
pub(crate) struct RequestInfo {
    /// Shared by the deliveries to all phones of the request.
    pub(crate) id: DeliveryId,
    pub(crate) requester: Requester,
    pub(crate) verb: String,
    /// Keys and values as requested, secrets included.
    pub(crate) keys: Arc<[(String, String)]>,
    /// The Asterisk server that the request came from; names without a server mean its phones.
    pub(crate) home: Option<ServerName>,
    /// What the history keeps of the keys, and whether that includes texts.
    kept_keys: OnceLock<(bool, KeptKeys)>,
    /// The share of memory that the request occupies until all its deliveries are over.
    share: Option<Arc<OwnedSemaphorePermit>>,
}

/// What the history keeps of the keys of a request, shared by its deliveries.
type KeptKeys = Arc<[(String, Redacted)]>;

impl RequestInfo {
    /// Assigns a random id to a request.
    pub(crate) fn new(requester: Requester, verb: &str, keys: Vec<(String, String)>) -> Self {
        Self::stored(DeliveryId::random(), requester, verb.to_owned(), keys)
    }

    /// Restores a request that was made before a restart.
    pub(crate) fn stored(
        id: DeliveryId,
        requester: Requester,
        verb: String,
        keys: Vec<(String, String)>,
    ) -> Self {
        Self {
            id,
            requester,
            verb,
            keys: keys.into(),
            home: None,
            kept_keys: OnceLock::new(),
            share: None,
        }
    }

    /// Returns the request as one that came from an Asterisk server.
    pub(crate) fn of_server(self, home: Option<ServerName>) -> Self {
        Self { home, ..self }
    }

    /// Returns how much memory the keys and values take, in bytes.
    pub(crate) fn memory(&self) -> usize {
        let pair = |(key, value): &(String, String)| {
            let texts = key.len().saturating_add(value.len());
            texts.saturating_add(size_of::<(String, String)>())
        };
        self.keys.iter().map(pair).sum()
    }

    /// Returns the request with its share of memory, which the last of its deliveries releases.
    pub(crate) fn with_share(&self, share: OwnedSemaphorePermit) -> Self {
        Self {
            share: Some(Arc::new(share)),
            ..self.clone()
        }
    }

    pub(super) fn share(&self) -> Option<Arc<OwnedSemaphorePermit>> {
        self.share.clone()
    }

    /// Returns what the history keeps of the keys.
    pub(super) fn kept_keys(&self, keeps_texts: bool) -> KeptKeys {
        let redacted = || redact::keys(&self.keys, keeps_texts).into();
        let (with_texts, kept) = self.kept_keys.get_or_init(|| (keeps_texts, redacted()));
        if *with_texts == keeps_texts {
            Arc::clone(kept)
        } else {
            redacted()
        }
    }
}

/// A delivery to one phone, as the history keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Position in the history; increases with every delivery.
    pub(crate) number: u64,
    pub(crate) id: DeliveryId,
    pub(crate) requester: Requester,
    pub(crate) verb: String,
    pub(crate) keys: KeptKeys,
    /// The name of the phone; empty if none was found.
    pub(crate) phone: String,
    pub(crate) vendor: Option<Vendor>,
    /// Time of the request, by the system clock.
    pub(crate) at: SystemTime,
    /// Time of the request, by the monotonic clock, which decides when the record expires.
    pub(super) started_at: Instant,
    /// `None` while the delivery is in progress.
    pub(crate) duration: Option<Duration>,
    /// `QUEUED` while the delivery is in progress.
    pub(crate) status: Status,
    pub(crate) reason: Redacted,
    /// What was sent and received, in order.
    pub(crate) steps: Vec<Step>,
    /// When the phone had fetched what it needs from handsetd.
    pub(crate) fetched: Option<SystemTime>,
}

/// One step of a delivery.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) transport: &'static str,
    pub(crate) request: Redacted,
    pub(crate) reply: Redacted,
    pub(crate) duration: Duration,
}

impl Record {
    /// Returns how much memory it takes, in bytes.
    pub(crate) fn memory(&self) -> usize {
        let keys = self.keys.iter().map(|(key, value)| {
            let texts = key.len().saturating_add(value.as_str().len());
            texts.saturating_add(size_of::<(String, Redacted)>())
        });
        let steps = self.steps.iter().map(|step| {
            let texts = step.request.as_str().len() + step.reply.as_str().len();
            texts.saturating_add(size_of::<Step>())
        });
        let texts = self.phone.len() + self.verb.len() + self.reason.as_str().len();
        keys.chain(steps)
            .fold(texts, usize::saturating_add)
            .saturating_add(size_of::<Self>())
    }

    /// Returns the JSON object of the API.
    pub(crate) fn to_json(&self) -> Value {
        let steps = self.steps.iter().map(|step| {
            json!({
                "way": step.transport,
                "sent": step.request.as_str(),
                "said": step.reply.as_str(),
                "took": step.duration.as_secs_f64(),
            })
        });
        json!({
            "number": self.number,
            "id": self.id.to_string(),
            "at": humantime::format_rfc3339_millis(self.at).to_string(),
            "asker": self.requester,
            "verb": self.verb,
            "keys": object(&self.keys),
            "phone": self.phone,
            "vendor": self.vendor.map_or("", Vendor::name),
            "status": self.status.word(),
            "reason": self.reason.as_str(),
            "took": self.duration.map(|duration| duration.as_secs_f64()),
            "steps": steps.collect::<Vec<_>>(),
            "fetched": self.fetched.map(|at| humantime::format_rfc3339_millis(at).to_string()),
        })
    }
}

/// Converts pairs to an object; the values of a repeated name become a list.
pub(super) fn object(pairs: &[(String, Redacted)]) -> Value {
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
