//! The record of one delivery: a request for one phone, and its result.

use std::borrow::Cow;
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
    /// What the history keeps of the keys, and whether that may include texts.
    kept_keys: OnceLock<(bool, KeptKeys, IsWhole)>,
    /// The share of memory that the request occupies until all its deliveries are over.
    share: Option<Arc<OwnedSemaphorePermit>>,
}

/// What the history keeps of the keys of a request, shared by its deliveries.
type KeptKeys = Arc<[(String, Redacted)]>;

/// Whether what is kept is all of it.
type IsWhole = bool;

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

    /// Returns what the history keeps of the keys, and whether that is all of them.
    pub(super) fn kept_keys(&self, keeps_texts: bool) -> (KeptKeys, IsWhole) {
        let redacted = || {
            let kept = redact::keys(&self.keys, keeps_texts);
            let kept_pairs = kept
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_str()));
            let pairs = self.keys.iter();
            let is_whole = pairs
                .map(|(key, value)| (key.as_str(), value.as_str()))
                .eq(kept_pairs);
            (KeptKeys::from(kept), is_whole)
        };
        let (with_texts, kept, is_whole) = self.kept_keys.get_or_init(|| {
            let (kept, is_whole) = redacted();
            (keeps_texts, kept, is_whole)
        });
        if *with_texts == keeps_texts {
            (Arc::clone(kept), *is_whole)
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
    /// Whether `keys` are those of the request, with nothing left out or cut.
    pub(crate) is_whole: bool,
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
    pub(crate) transport: Cow<'static, str>,
    pub(crate) request: Redacted,
    pub(crate) reply: Redacted,
    pub(crate) duration: Duration,
}

impl Record {
    /// Returns the time by the monotonic clock of a request that arrived at `at`, where it is `now`.
    pub(super) fn started_at(at: SystemTime, now: SystemTime) -> Instant {
        // The clock may have been set back since then, and the machine may not be up for as long.
        let age = now.duration_since(at).unwrap_or_default();
        let now = Instant::now();
        now.checked_sub(age).unwrap_or(now)
    }

    /// Ends a delivery that was in progress when the daemon ended.
    pub(super) fn interrupt(&mut self) {
        self.status = Status::Unknown;
        self.reason = Redacted::fixed(INTERRUPTED);
        self.duration = Some(Duration::ZERO);
    }

    /// Leaves a delivery that was in progress when the daemon ended to the cluster; returns whether it is stored
    /// there, or was.
    pub(super) fn leave_to_cluster(&mut self) -> bool {
        let is_kept = self.keys.iter().any(|(key, _)| key == "keep");
        if is_kept {
            self.reason = Redacted::fixed(LEFT_TO_CLUSTER);
            self.duration = Some(Duration::ZERO);
        }
        is_kept
    }

    /// Returns whether it is a delivery that was left to the cluster.
    pub(super) fn is_left_to_cluster(&self) -> bool {
        self.status == Status::Queued && self.reason.as_str() == LEFT_TO_CLUSTER
    }

    /// Ends a delivery that was left to the cluster, which does not have it any more.
    pub(super) fn end_without_cluster(&mut self) {
        self.status = Status::Unknown;
        self.reason = Redacted::fixed(NOT_IN_CLUSTER);
    }

    /// Returns a copy without message texts; `None` if it has none.
    pub(super) fn without_texts(&self) -> Option<Self> {
        let keys = redact::without_texts(&self.keys)?;
        let redacted = |text: &Redacted| redact::without_texts_of(text, &self.keys);
        let step = |step: &Step| Step {
            request: redacted(&step.request),
            reply: redacted(&step.reply),
            ..step.clone()
        };
        Some(Self {
            reason: redacted(&self.reason),
            steps: self.steps.iter().map(step).collect(),
            keys: keys.into(),
            is_whole: false,
            ..self.clone()
        })
    }

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

    /// Returns the keys as a JSON object.
    pub(crate) fn keys_to_json(&self) -> Value {
        object(&self.keys)
    }

    /// Returns the values of the event `handsetd.delivery`.
    pub(crate) fn event_values(&self) -> [(&'static str, String); 7] {
        [
            ("Id", self.id.to_string()),
            ("Phone", self.phone.clone()),
            ("Vendor", self.vendor.map_or("", Vendor::name).to_owned()),
            ("Verb", self.verb.clone()),
            ("Status", self.status.word().to_owned()),
            ("Reason", self.reason.as_str().to_owned()),
            ("Requester", self.requester.to_string()),
        ]
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
            "keys": self.keys_to_json(),
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

/// Reason for a delivery whose result is not known, since the daemon has ended.
const INTERRUPTED: &str = "handsetd ended before the result was recorded; it may have happened";

/// Reason of a delivery whose end other daemons record, or this one in a new record.
const LEFT_TO_CLUSTER: &str = "handsetd ended; the delivery is in the outbox of the cluster";

/// Reason of a delivery of which this daemon has lost track.
const NOT_IN_CLUSTER: &str = "handsetd ended before the result was recorded; it may have happened, also by another \
                              daemon, whose history then has it";
