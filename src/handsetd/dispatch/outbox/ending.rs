//! Ends deliveries, and writes what has become of them to the store.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::{error, info};

use super::backlog::PhoneBacklog;
use super::pending_delivery::PendingDelivery;
use super::worker::{Expired, OutboxWorker, span};
use crate::history::without_secrets;
use crate::outbox::{EntryState, Error};
use crate::outcome::Outcome;

/// How ending a delivery went.
enum Ending {
    Reported,
    /// Another daemon has it, which reports its end.
    Forgotten,
    /// Whether this daemon still has it is not known at present.
    Later(Box<PendingDelivery>),
}

impl OutboxWorker {
    /// Ends the deliveries of a backlog that have expired or were cancelled, and forgets those that
    /// another daemon has. Returns whether none is left that should have ended.
    pub(super) async fn end_some(&self, backlog: &PhoneBacklog) -> bool {
        if let Some(store) = self.store() {
            for lost in backlog.remove(|delivery| !store.holds(delivery.number)) {
                self.forget(lost);
            }
        }
        let mut are_ended = true;
        for delivery in backlog.remove_ended(Instant::now()) {
            if let Some(delivery) = self.expire(delivery).await {
                backlog.reinsert(delivery);
                are_ended = false;
            }
        }
        are_ended
    }

    /// Ends a delivery that has expired or was cancelled; returns it if that is not possible yet.
    pub(super) async fn expire(&self, delivery: PendingDelivery) -> Option<PendingDelivery> {
        if delivery.commit_point.is_cancelled() {
            let (phone, vendor) = (&delivery.phone, delivery.vendor);
            let outcome = delivery.guard.cancelled_outcome(phone, vendor);
            return self.end(delivery, &outcome).await;
        }
        let outcome = delivery.expired();
        let expired = Expired {
            id: delivery.id.to_string(),
            requester: delivery.requester.clone(),
            phone: delivery.phone.clone(),
            verb: delivery.request.verb.name(),
            keep: delivery.keep(),
            reason: outcome.reason.clone(),
        };
        match self.try_end(delivery, &outcome).await {
            Ending::Reported => self.announce_expired(expired),
            Ending::Forgotten => {}
            Ending::Later(delivery) => return Some(*delivery),
        }
        None
    }

    /// Ends a delivery; returns it if that is not possible yet.
    pub(super) async fn end(
        &self,
        delivery: PendingDelivery,
        outcome: &Outcome,
    ) -> Option<PendingDelivery> {
        match self.try_end(delivery, outcome).await {
            Ending::Reported | Ending::Forgotten => None,
            Ending::Later(delivery) => Some(*delivery),
        }
    }

    /// Deletes a delivery from the store, and reports its outcome. One of which nothing was sent may be
    /// another daemon's by now, and then ends there.
    async fn try_end(&self, delivery: PendingDelivery, outcome: &Outcome) -> Ending {
        let span = span(&delivery);
        if let Some(store) = self.store()
            && let Err(error) = store.delete(delivery.number).await
        {
            let is_sent = delivery.commit_point.is_committed();
            match error {
                Error::Lost if !is_sent => {
                    self.forget(delivery);
                    return Ending::Forgotten;
                }
                Error::Away(_) if !is_sent => return Ending::Later(Box::new(delivery)),
                _ => self.delete_later(delivery.number),
            }
        }
        let PendingDelivery {
            request,
            accepted_at,
            record,
            result,
            ..
        } = delivery;
        let verb = request.verb.name();
        span.in_scope(|| {
            let duration = accepted_at.elapsed();
            self.services.finish(record, verb, outcome, duration);
        });
        // The caller may have gone long ago.
        let _ = result.map(|result| result.send(outcome.clone()));
        Ending::Reported
    }

    /// Forgets a delivery that another daemon has. A caller that still waits learns that it is stored.
    fn forget(&self, delivery: PendingDelivery) {
        let span = span(&delivery);
        span.in_scope(|| info!("Another daemon has taken over the delivery."));
        self.services.history.hand_over(delivery.record, TAKEN_OVER);
    }

    /// Reports to a waiting caller, and to the history, that a delivery is stored.
    pub(super) fn notify_queued(&self, delivery: &mut PendingDelivery) {
        let queued = delivery.queued();
        let history = &self.services.history;
        history.set_reason(&mut delivery.record, &queued.reason);
        let reason = without_secrets(&queued.reason);
        span(delivery).in_scope(|| info!(reason, "Stored for later."));
        let _ = delivery.result.take().map(|result| result.send(queued));
    }

    /// Marks a delivery as unsent. Until that is durable it is not attempted again, since after a
    /// crash it would count as sent.
    pub(super) async fn reset_state(&self, number: u64) {
        let Some(store) = self.store() else { return };
        let stop = self.services.tasks.stop();
        while let Err(error) = store.set_state(number, EntryState::Pending).await {
            // While the cluster is away, the entry is not admitted, and is claimed again afterwards. Others for
            // the phone must not wait until then.
            if matches!(error, Error::Lost | Error::Away(_)) {
                return;
            }
            error!(%error, "Cannot mark a stored delivery as unsent; retrying.");
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(STORE_RETRY_DELAY) => {}
            }
        }
    }

    /// Deletes an ended delivery as soon as the store can be written.
    pub(super) fn delete_later(&self, number: u64) {
        let deleting = self.clone().delete(number);
        self.services.tasks.spawn("outbox delete", deleting);
    }

    async fn delete(self, number: u64) {
        let Some(store) = self.store() else { return };
        let stop = self.services.tasks.stop();
        stop.run_until_cancelled(self.recorded()).await;
        while let Err(error) = store.delete(number).await {
            if error == Error::Lost {
                return;
            }
            error!(%error, "Cannot delete an ended delivery from the outbox; retrying.");
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(STORE_RETRY_DELAY) => {}
            }
        }
    }
}

/// What is announced of a delivery that another daemon has taken over.
const TAKEN_OVER: &str = "another daemon of the cluster has taken it over";

/// How long to wait before writing to a failing store again.
const STORE_RETRY_DELAY: Duration = Duration::from_secs(5);
