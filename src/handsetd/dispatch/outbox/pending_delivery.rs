//! A request for one phone that is stored until the phone has it, or until it expires.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use handset_phones::phone::Vendor;
use handset_phones::verb::Request;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::commit_point::{CommitPoint, Journal};
use crate::dispatch::in_flight::InFlightGuard;
use crate::dispatch::pace::Pace;
use crate::fleet::{CarriedFile, CarriedFiles};
use crate::history::{OpenRecord, RequestInfo, Requester};
use crate::outbox::{EntryState, OutboxEntry, Storage};
use crate::outcome::{DeliveryId, Outcome, Status};
use crate::resolver::PhoneRef;

/// One request for one phone.
#[derive(Debug)]
pub(super) struct PendingDelivery {
    /// Number in the store.
    pub(super) number: u64,
    /// Its place in the store; deliveries are sent in this order.
    pub(super) order: u64,
    /// The id of the request.
    pub(super) id: DeliveryId,
    pub(super) requester: Requester,
    pub(super) request: Arc<Request>,
    /// Name of the phone, as far as known.
    pub(super) phone: String,
    pub(super) vendor: Option<Vendor>,
    pub(super) phone_ref: PhoneRef,
    /// When this process accepted or resumed it.
    pub(super) accepted_at: Instant,
    pub(super) expires_at: Instant,
    pub(super) record: OpenRecord,
    pub(super) guard: InFlightGuard,
    pub(super) commit_point: CommitPoint,
    /// The files that came with it.
    pub(super) files: CarriedFiles,
    /// Limits first attempts, with others of the same request.
    pub(super) pace: Pace,
    /// Receives the outcome, or that the delivery is stored; taken once used.
    pub(super) result: Option<oneshot::Sender<Outcome>>,
    /// Why the last attempt failed; empty before the first one.
    pub(super) unreachable_because: String,
}

impl PendingDelivery {
    /// Returns how long it is stored at most.
    pub(super) fn keep(&self) -> Duration {
        self.request.keep.unwrap_or_default()
    }

    /// Returns whether it has expired or was cancelled.
    pub(super) fn has_ended(&self, now: Instant) -> bool {
        self.expires_at <= now || self.commit_point.is_cancelled()
    }

    /// Creates an outcome of this delivery.
    pub(super) fn outcome(&self, status: Status, reason: impl Into<String>) -> Outcome {
        Outcome::at(&self.phone, self.vendor, status, reason)
    }

    /// Returns the outcome of a delivery that is stored.
    pub(super) fn queued(&self) -> Outcome {
        let keep = humantime::format_duration(self.keep());
        let reason = format!(
            "stored for up to {keep} until the phone is reachable: {}",
            self.unreachable_because
        );
        self.outcome(Status::Queued, reason)
    }

    /// Returns the outcome of a delivery that has expired.
    pub(super) fn expired(&self) -> Outcome {
        let keep = humantime::format_duration(self.keep());
        let why = match self.unreachable_because.as_str() {
            // Nobody waits for the result of a resumed one.
            "" if self.result.is_none() => "the phone was unreachable: handsetd was not running",
            "" => "earlier deliveries to the phone took longer",
            why => &format!("the phone was unreachable: {why}"),
        };
        self.outcome(Status::Unreachable, format!("expired after {keep}; {why}"))
    }
}

/// Returns the entry to store for one phone.
pub(super) fn to_entry(
    info: &RequestInfo,
    phone: &str,
    phone_ref: &PhoneRef,
    keep: Duration,
    at: SystemTime,
    files: Option<BTreeMap<String, CarriedFile>>,
) -> Result<OutboxEntry, serde_json::Error> {
    Ok(OutboxEntry {
        id: info.id.to_string(),
        requester: serde_json::to_string(&info.requester)?,
        verb: info.verb.clone(),
        keys: info.keys.to_vec(),
        phone: phone.to_owned(),
        phone_ref: serde_json::to_string(phone_ref)?,
        at,
        keep,
        files,
    })
}

/// Marks a stored delivery as being sent.
#[derive(Debug)]
pub(super) struct InFlightMarker {
    pub(super) store: Arc<dyn Storage>,
    pub(super) number: u64,
}

impl Journal for InFlightMarker {
    fn persist(&self) -> BoxFuture<'_, Result<(), String>> {
        let marked = self.store.set_state(self.number, EntryState::InFlight);
        marked
            .map(|marked| marked.map_err(|error| error.to_string()))
            .boxed()
    }
}
