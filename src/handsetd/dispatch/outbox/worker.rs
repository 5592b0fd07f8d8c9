//! The backlogs of all phones, and the task of each.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use handset_net::backoff::Backoff;
use handset_phones::verb::Request;
use parking_lot::Mutex;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, broadcast, mpsc};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{Instrument, Span, error, info, info_span, warn};

use super::backlog::PhoneBacklog;
use super::pending_delivery::{InFlightMarker, PendingDelivery, to_entry};
use crate::commit_point::CommitPoint;
use crate::dispatch::services::Services;
use crate::history::{RequestInfo, Requester, without_secrets};
use crate::outbox::{EntryState, Store};
use crate::outcome::{Outcome, Status};
use crate::resolver::PhoneRef;
use crate::roster::Registered;

/// Delivers stored deliveries. Clones share their state.
#[derive(Clone, Debug)]
pub(in crate::dispatch) struct OutboxWorker {
    pub(super) services: Arc<Services>,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// The store, or why there is none.
    store: Result<Store, String>,
    expired: mpsc::Sender<Expired>,
    /// By endpoint, or by whatever else identifies the phone.
    backlogs: Mutex<HashMap<String, Arc<PhoneBacklog>>>,
    /// Limits concurrent retries.
    retries: Semaphore,
}

/// A stored delivery that expired.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Expired {
    /// The id of the request.
    pub id: String,
    /// Who requested it.
    pub requester: Requester,
    /// Name of the phone.
    pub phone: String,
    /// The verb.
    pub verb: &'static str,
    /// How long it was stored.
    pub keep: Duration,
    /// Why it was not delivered.
    pub reason: String,
}

/// The result of an attempt.
enum Attempt {
    /// The phone is unreachable; nothing was sent.
    Unreachable(String),
    Ended(Outcome),
}

impl OutboxWorker {
    /// Creates a worker without deliveries. `expired` receives those that expire.
    pub(in crate::dispatch) fn new(
        services: Arc<Services>,
        store: Result<Store, String>,
        expired: mpsc::Sender<Expired>,
    ) -> Self {
        let inner = Arc::new(Inner {
            store,
            expired,
            backlogs: Mutex::default(),
            retries: Semaphore::new(MAX_RETRIES),
        });
        Self { services, inner }
    }

    /// Stores a request for one phone, and returns its number once that is durable. The error is
    /// human-readable.
    pub(super) async fn insert(
        &self,
        info: &RequestInfo,
        phone: &str,
        phone_ref: &PhoneRef,
        request: &Request,
    ) -> Result<u64, String> {
        let store = self.inner.store.as_ref().map_err(Clone::clone)?;
        let keep = request.keep.unwrap_or_default();
        let entry = to_entry(info, phone, phone_ref, keep).map_err(|error| error.to_string())?;
        store.insert(entry).await.map_err(|error| error.to_string())
    }

    /// Returns the commit point of a stored delivery.
    pub(super) fn commit_point(&self, number: u64) -> CommitPoint {
        match &self.inner.store {
            Ok(store) => {
                let store = store.clone();
                CommitPoint::with_journal(InFlightMarker { store, number })
            }
            Err(_) => CommitPoint::default(),
        }
    }

    /// Returns how many deliveries are stored, including those being sent.
    pub(in crate::dispatch) fn len(&self) -> usize {
        self.inner.store.as_ref().map_or(0, Store::len)
    }

    /// Returns whether another delivery fits into the backlog of a phone.
    pub(super) fn has_room(&self, key: &str) -> bool {
        let backlogs = self.inner.backlogs.lock();
        backlogs
            .get(key)
            .is_none_or(|backlog| backlog.len() < BACKLOG_CAPACITY)
    }

    /// Adds a stored delivery to the backlog of its phone.
    pub(super) fn enqueue(&self, delivery: PendingDelivery) {
        let key = delivery.phone_ref.key();
        let mut backlogs = self.inner.backlogs.lock();
        let backlog = backlogs.entry(key.clone()).or_insert_with(|| {
            let backlog = Arc::new(PhoneBacklog::default());
            let (worker, own) = (self.clone(), Arc::clone(&backlog));
            let run = async move { worker.run(&key, &own).await };
            self.services.tasks.spawn("outbox", run);
            backlog
        });
        // Under the lock, so that the task does not end meanwhile.
        backlog.insert(delivery, |delivery| self.notify_queued(delivery));
    }

    /// Wakes the backlogs of phones that register, until the daemon stops.
    pub(in crate::dispatch) async fn listen(self, mut arrivals: broadcast::Receiver<Registered>) {
        let stop = self.services.tasks.stop();
        loop {
            let arrival = tokio::select! {
                () = stop.cancelled() => return,
                arrival = arrivals.recv() => arrival,
            };
            let backlogs = self.inner.backlogs.lock();
            match arrival {
                Ok(Registered::Endpoint(endpoint)) => {
                    // A phone identified by its address may belong to any endpoint.
                    let may_be =
                        |key: &str| !key.contains('/') || PhoneRef::may_be_of(key, &endpoint);
                    let woken = backlogs.iter().filter(|(key, _)| may_be(key));
                    woken.for_each(|(_, backlog)| backlog.wake.notify_one());
                }
                Ok(Registered::Any) | Err(RecvError::Lagged(_)) => {
                    backlogs
                        .values()
                        .for_each(|backlog| backlog.wake.notify_one());
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Deletes the cancelled deliveries of the request `id` to these phones from the store.
    pub(in crate::dispatch) async fn delete_pending(&self, id: &str, phones: &[String]) {
        if let Ok(store) = &self.inner.store
            && !store.is_empty()
            && let Err(error) = store.delete_pending(id, phones).await
        {
            warn!(id, %error, "Cannot persist the cancellation; the delivery may be sent after a crash.");
        }
        let backlogs = self.inner.backlogs.lock();
        backlogs
            .values()
            .for_each(|backlog| backlog.wake.notify_one());
    }

    /// Delivers the deliveries of a backlog until it is empty.
    async fn run(&self, key: &str, backlog: &Arc<PhoneBacklog>) {
        let stop = self.services.tasks.stop();
        let mut delays = Backoff::new(FIRST_DELAY, MAX_DELAY);
        loop {
            for delivery in backlog.remove_ended(Instant::now()) {
                self.expire(delivery).await;
            }
            if stop.is_cancelled() {
                // The rest is in the store; callers that still wait are notified.
                let notify = |delivery: &mut PendingDelivery| self.notify_queued(delivery);
                backlog.mark_unreachable("handsetd is stopping", notify);
                return;
            }
            let Some(delivery) = backlog.pop() else {
                if self.remove_if_empty(key, backlog) {
                    return;
                }
                continue;
            };
            let Some(delivery) = self.deliver(delivery, backlog).await else {
                delays.reset();
                continue;
            };
            let why = delivery.unreachable_because.clone();
            backlog.reinsert(delivery);
            backlog.mark_unreachable(&why, |delivery| self.notify_queued(delivery));
            let retry = Instant::now() + delays.next_delay();
            let expiry = backlog.next_expiry().unwrap_or(retry);
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep_until(retry.min(expiry)) => {}
                () = backlog.wake.notified() => {
                    delays.reset();
                    // The web server of a phone starts after it has registered.
                    sleep(REGISTRATION_DELAY).await;
                }
            }
        }
    }

    /// Attempts a delivery; returns it if the phone is unreachable.
    async fn deliver(
        &self,
        mut delivery: PendingDelivery,
        backlog: &PhoneBacklog,
    ) -> Option<PendingDelivery> {
        let span = span(&delivery);
        let attempt = self.attempt(&mut delivery).instrument(span.clone()).await;
        match attempt {
            Attempt::Unreachable(why) if !delivery.commit_point.is_cancelled() => {
                if delivery.commit_point.is_committed() {
                    self.reset_state(delivery.number).await;
                    delivery.commit_point.reset();
                }
                let is_first = delivery.unreachable_because.is_empty();
                delivery.unreachable_because = why;
                if is_first {
                    self.notify_queued(&mut delivery);
                }
                Some(delivery)
            }
            Attempt::Unreachable(_) => {
                self.expire(delivery).await;
                None
            }
            Attempt::Ended(outcome) => {
                backlog.mark_reachable();
                self.end(delivery, &outcome).instrument(span).await;
                None
            }
        }
    }

    async fn attempt(&self, delivery: &mut PendingDelivery) -> Attempt {
        let services = &self.services;
        // The first attempt follows a search; later ones do not rely on events of registrations.
        if !delivery.unreachable_because.is_empty() || delivery.result.is_none() {
            let until = Instant::now() + INQUIRY_TIME;
            let phone_ref = &delivery.phone_ref;
            services.resolver.inquire_ref(phone_ref, until).await;
        }
        let phone = match services.resolver.resolve_ref(&delivery.phone_ref) {
            Ok(phone) => phone,
            Err(outcome) => return Attempt::Unreachable(outcome.reason),
        };
        delivery.vendor = Some(phone.vendor);
        // Retries to phones known to be unreachable must not delay first attempts.
        let is_retry = !delivery.unreachable_because.is_empty() || delivery.result.is_none();
        let retry = async { self.inner.retries.acquire().await.ok() };
        let _retry = if is_retry { retry.await } else { None };
        let mut slot = match services.queues.enter(&phone, &delivery.request) {
            Ok(slot) => slot,
            Err(full) => return Attempt::Unreachable(full.to_string()),
        };
        let outcome = tokio::select! {
            biased;
            () = delivery.commit_point.cancelled() => return Attempt::Unreachable(String::new()),
            outcome = async {
                slot.admission().await;
                let (request, commit_point) = (&delivery.request, &delivery.commit_point);
                let delivering = services.deliver(Some(&phone), request, commit_point);
                // A panic must not end the task that the rest of the backlog depends on.
                let result = AssertUnwindSafe(delivering).catch_unwind().await;
                result.unwrap_or_else(|_| delivery.outcome(Status::Error, PANICKED))
            } => outcome,
        };
        match outcome.status {
            Status::Unreachable => Attempt::Unreachable(outcome.reason),
            _ => Attempt::Ended(outcome),
        }
    }

    /// Ends a delivery that has expired or was cancelled.
    async fn expire(&self, delivery: PendingDelivery) {
        let span = span(&delivery);
        if delivery.commit_point.is_cancelled() {
            let (phone, vendor) = (&delivery.phone, delivery.vendor);
            let outcome = delivery.guard.cancelled_outcome(phone, vendor);
            return self.end(delivery, &outcome).instrument(span).await;
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
        self.end(delivery, &outcome).instrument(span).await;
        // It is in the history and in the log as well.
        if self.inner.expired.try_send(expired).is_err() {
            warn!("Too many stored deliveries expire at once; some have no event.");
        }
    }

    /// Deletes a delivery from the store, and reports its outcome.
    async fn end(&self, delivery: PendingDelivery, outcome: &Outcome) {
        if let Ok(store) = &self.inner.store
            && store.delete(delivery.number).await.is_err()
        {
            self.delete_later(delivery.number);
        }
        let PendingDelivery {
            request,
            accepted_at,
            record,
            result,
            ..
        } = delivery;
        let verb = request.verb.name();
        self.services
            .finish(record, verb, outcome, accepted_at.elapsed());
        // The caller may have gone long ago.
        let _ = result.map(|result| result.send(outcome.clone()));
    }

    /// Reports to a waiting caller, and to the history, that a delivery is stored.
    fn notify_queued(&self, delivery: &mut PendingDelivery) {
        let queued = delivery.queued();
        let history = &self.services.history;
        history.set_reason(&mut delivery.record, &queued.reason);
        let reason = without_secrets(&queued.reason);
        span(delivery).in_scope(|| info!(reason, "Stored for later."));
        let _ = delivery.result.take().map(|result| result.send(queued));
    }

    /// Removes the backlog if it is still empty; returns whether it was.
    fn remove_if_empty(&self, key: &str, backlog: &Arc<PhoneBacklog>) -> bool {
        let mut backlogs = self.inner.backlogs.lock();
        let is_empty = backlog.len() == 0;
        if is_empty {
            backlogs.remove(key);
        }
        is_empty
    }

    /// Marks a delivery as unsent. Until that is durable it is not attempted again, since after a
    /// crash it would count as sent.
    async fn reset_state(&self, number: u64) {
        let Ok(store) = &self.inner.store else { return };
        let stop = self.services.tasks.stop();
        while let Err(error) = store.set_state(number, EntryState::Pending).await {
            error!(%error, "Cannot mark a stored delivery as unsent; retrying.");
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(DISK_RETRY_DELAY) => {}
            }
        }
    }

    /// Deletes an ended delivery as soon as the store can be written.
    pub(super) fn delete_later(&self, number: u64) {
        let Ok(store) = self.inner.store.clone() else {
            return;
        };
        let stop = self.services.tasks.stop();
        self.services.tasks.spawn("outbox delete", async move {
            while let Err(error) = store.delete(number).await {
                error!(%error, "Cannot delete an ended delivery from the outbox; retrying.");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = sleep(DISK_RETRY_DELAY) => {}
                }
            }
        });
    }
}

/// Returns the span of a delivery, independent of the delivery that started the task.
fn span(delivery: &PendingDelivery) -> Span {
    info_span!(parent: None, "delivery", id = %delivery.id, phone = delivery.phone)
}

/// Reason of a delivery that panicked.
const PANICKED: &str = "internal error; see the log";

/// How many deliveries may be stored for one phone.
const BACKLOG_CAPACITY: usize = 2000;

/// How many phones are retried at once.
const MAX_RETRIES: usize = 256;

/// Delays between attempts; a phone that registers is retried at once.
const FIRST_DELAY: Duration = Duration::from_secs(2);
const MAX_DELAY: Duration = Duration::from_secs(50);

/// How long Asterisk may take to tell of a phone before an attempt.
const INQUIRY_TIME: Duration = Duration::from_secs(4);

/// How long to wait after a phone has registered.
const REGISTRATION_DELAY: Duration = Duration::from_secs(1);

/// How long to wait before writing to a failing disk again.
const DISK_RETRY_DELAY: Duration = Duration::from_secs(5);
