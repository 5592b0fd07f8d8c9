//! A request for one phone that is kept until the phone has it, or until its time is over.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::commit_point::{CommitPoint, Journal};
use crate::dispatch::in_flight::InFlightGuard;
use crate::history::{OpenRecord, RequestInfo};
use crate::outbox::{EntryState, OutboxEntry, Store};
use crate::outcome::{DeliveryId, Outcome, Status};
use crate::resolver::PhoneRef;
use handset_phones::phone::Vendor;
use handset_phones::verb::Request;

/// One request for one phone.
#[derive(Debug)]
pub(super) struct PendingDelivery {
    /// Its number in the store, by which parcels are in order.
    pub(super) number: u64,
    /// The number of the request.
    pub(super) id: DeliveryId,
    pub(super) request: Arc<Request>,
    /// What the phone is called.
    pub(super) phone: String,
    pub(super) vendor: Option<Vendor>,
    pub(super) phone_ref: PhoneRef,
    /// When it came to us in this run.
    pub(super) since: Instant,
    /// When its time is over.
    pub(super) until: Instant,
    pub(super) history_id: OpenRecord,
    pub(super) in_flight: InFlightGuard,
    pub(super) commit_point: CommitPoint,
    /// Whoever waits to hear of it.
    pub(super) told: Option<oneshot::Sender<Outcome>>,
    /// Why it is not with the phone yet; empty before the first try.
    pub(super) why: String,
}

impl PendingDelivery {
    /// Returns how long it is held.
    pub(super) fn keep(&self) -> Duration {
        self.request.keep.unwrap_or_default()
    }

    /// Says what came of it.
    pub(super) fn outcome(&self, status: Status, reason: impl Into<String>) -> Outcome {
        Outcome::at(&self.phone, self.vendor, status, reason)
    }

    /// Says that it is held.
    pub(super) fn held(&self) -> Outcome {
        let keep = humantime::format_duration(self.keep());
        let reason = format!(
            "held for {keep}, until the phone can be reached: {}",
            self.why
        );
        self.outcome(Status::Queued, reason)
    }

    /// Says that its time is over.
    pub(super) fn expired(&self) -> Outcome {
        let keep = humantime::format_duration(self.keep());
        let why = match self.why.as_str() {
            "" => "handsetd was not running",
            why => why,
        };
        let reason = format!("held for {keep}, and the phone could not be reached: {why}");
        self.outcome(Status::Unreachable, reason)
    }
}

/// Writes what is asked of one phone, to be held.
pub(super) fn to_entry(
    asked: &RequestInfo,
    phone: &str,
    phone_ref: &PhoneRef,
    keep: Duration,
) -> Result<OutboxEntry, serde_json::Error> {
    Ok(OutboxEntry {
        id: asked.id.to_string(),
        asker: serde_json::to_string(&asked.requester)?,
        verb: asked.verb.clone(),
        keys: asked.keys.clone(),
        phone: phone.to_owned(),
        phone_ref: serde_json::to_string(phone_ref)?,
        at: SystemTime::now(),
        keep,
    })
}

/// Notes in the store that a delivery is being sent.
#[derive(Debug)]
pub(super) struct InFlightMarker {
    pub(super) store: Store,
    pub(super) number: u64,
}

impl Journal for InFlightMarker {
    fn persist(&self) -> BoxFuture<'_, Result<(), String>> {
        let marked = self.store.mark(self.number, EntryState::InFlight);
        marked
            .map(|marked| marked.map_err(|error| error.to_string()))
            .boxed()
    }
}
