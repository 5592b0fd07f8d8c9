//! One delivery, from its place in the queue of the phone to its end.

use std::sync::Arc;

use futures_util::FutureExt;
use handset_phones::phone::Phone;
use handset_phones::verb::Request;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::{Instrument, Span, info_span};

use super::in_flight::InFlightGuard;
use super::queue::{Admission, QueueSlot};
use super::services::Services;
use super::terms::Terms;
use super::workers::{Job, Workers};
use crate::commit_point::CommitPoint;
use crate::history::OpenRecord;
use crate::outcome::{DeliveryId, Outcome, Status};

/// A delivery that is recorded, and neither cancelled nor sent.
pub(super) struct OpenDelivery {
    pub(super) services: Arc<Services>,
    pub(super) id: DeliveryId,
    pub(super) phone: Phone,
    pub(super) request: Arc<Request>,
    pub(super) terms: Terms,
    pub(super) record: OpenRecord,
    pub(super) commit_point: CommitPoint,
    pub(super) guard: InFlightGuard,
    pub(super) started: Instant,
    /// The span of the requester.
    pub(super) parent: Span,
}

/// The same in the queue of its phone, for the workers of its request.
pub(super) struct QueuedDelivery {
    pub(super) delivery: OpenDelivery,
    pub(super) slot: QueueSlot,
    /// Receives the outcome.
    pub(super) ended: oneshot::Sender<Outcome>,
}

impl OpenDelivery {
    /// Delivers when `slot` admits it, and returns the outcome.
    pub(super) fn run(mut self, mut slot: QueueSlot) -> impl Future<Output = Outcome> + Send {
        let span = self.span();
        // A block rather than an asynchronous function, which would hold its parameters twice.
        let delivery = async move {
            // Not before this is polled: the subscribers that it wakes would delay the start.
            self.announce();
            let outcome = tokio::select! {
                biased;
                outcome = self.unsent() => outcome,
                outcome = async {
                    match slot.admission().await {
                        Admission::Now => {
                            slot.run(&self.commit_point, || self.deliver()).await
                        }
                        Admission::Replaced => self.replaced(),
                    }
                } => outcome,
            };
            self.end(slot, outcome)
        };
        delivery.instrument(span)
    }

    fn span(&self) -> Span {
        info_span!(parent: &self.parent, "delivery", id = %self.id, phone = self.phone.name)
    }

    fn announce(&mut self) {
        self.services.history.announce_begun(&mut self.record);
    }

    /// Waits until it is cancelled or too late, and nothing was sent; returns the outcome.
    async fn unsent(&self) -> Outcome {
        tokio::select! {
            biased;
            () = self.commit_point.cancelled() => {
                self.guard.cancelled_outcome(&self.phone.name, Some(self.phone.vendor))
            }
            () = self.terms.expiry(&self.commit_point) => self.unreachable(WAITED_TOO_LONG),
        }
    }

    async fn deliver(&self) -> Outcome {
        let request = self.terms.within(&self.request);
        let Terms { plans, files, .. } = &self.terms;
        let (phone, commit_point) = (Some(&self.phone), &self.commit_point);
        let delivery = self
            .services
            .deliver(phone, &request, files, plans, commit_point);
        // Boxed, so that what waits and what is moved is small.
        Box::pin(delivery).await
    }

    fn replaced(&self) -> Outcome {
        self.unreachable("replaced by a newer screen before it was sent")
    }

    fn unreachable(&self, reason: &str) -> Outcome {
        let Phone { name, vendor, .. } = &self.phone;
        Outcome::at(name, Some(*vendor), Status::Unreachable, reason)
    }

    /// Admits the next request, and records and logs the outcome.
    fn end(self, slot: QueueSlot, outcome: Outcome) -> Outcome {
        drop(slot);
        drop(self.guard);
        let (verb, duration) = (self.request.verb.name(), self.started.elapsed());
        self.services.finish(self.record, verb, &outcome, duration);
        outcome
    }
}

impl QueuedDelivery {
    /// Passes it to `workers` once its slot admits it: none of them waits for earlier requests.
    pub(super) fn start(mut self, workers: Workers<Self>) {
        if self.slot.is_admitted() {
            workers.push(self);
            return;
        }
        let tasks = self.delivery.services.tasks.clone();
        // A block for the same reason as in `run`.
        let waiting = async move {
            self.delivery.announce();
            let Self { delivery, slot, .. } = &mut self;
            let outcome = tokio::select! {
                biased;
                outcome = delivery.unsent() => outcome,
                admission = slot.admission() => match admission {
                    Admission::Now => return workers.push(self),
                    Admission::Replaced => delivery.replaced(),
                }
            };
            let span = self.delivery.span();
            let outcome = span.in_scope(|| self.delivery.end(self.slot, outcome));
            // The requester may be gone.
            let _ = self.ended.send(outcome);
        };
        tasks.spawn_in(Span::none(), waiting);
    }
}

impl Job for QueuedDelivery {
    fn run(self) -> impl Future<Output = ()> + Send {
        let Self {
            delivery,
            slot,
            ended,
        } = self;
        // The requester may be gone.
        delivery.run(slot).map(|outcome| drop(ended.send(outcome)))
    }
}

/// Reason for a request that waited for others until its requester no longer waited for it.
const WAITED_TOO_LONG: &str =
    "not sent: earlier requests to this phone took longer than its deadline";
