//! The backlogs of all phones, and the task of each.

use std::collections::{BTreeMap, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use handset_net::backoff::Backoff;
use handset_phones::verb::Request;
use parking_lot::Mutex;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, broadcast, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{Instrument, Span, info_span, warn};

use super::backlog::{Next, PhoneBacklog};
use super::pending_delivery::{InFlightMarker, PendingDelivery, to_entry};
use crate::commit_point::CommitPoint;
use crate::deliver::SharedPlans;
use crate::dispatch::pace::Pace;
use crate::dispatch::services::Services;
use crate::fleet::CarriedFile;
use crate::history::{RequestInfo, Requester};
use crate::outbox::{Error, Inserted, Storage};
use crate::outcome::{Outcome, Status};
use crate::resolver::PhoneRef;
use crate::roster::Registered;

/// Delivers stored deliveries. Clones share their state.
#[derive(Clone, Debug)]
pub(in crate::dispatch) struct OutboxWorker {
    pub(super) services: Arc<Services>,
    /// Whether the history on the disk may lack deliveries that were resumed.
    pub(super) are_unrecorded: watch::Sender<bool>,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// The store, or why there is none.
    store: Result<Arc<dyn Storage>, String>,
    expired: mpsc::Sender<Expired>,
    /// By endpoint, or by whatever else identifies the phone.
    backlogs: Mutex<HashMap<String, Arc<PhoneBacklog>>>,
    /// Limits concurrent retries.
    retries: Semaphore,
    /// Limits first attempts of what other daemons store for this one.
    adopted: Pace,
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
        store: Result<Arc<dyn Storage>, String>,
        expired: mpsc::Sender<Expired>,
    ) -> Self {
        let inner = Arc::new(Inner {
            store,
            expired,
            backlogs: Mutex::default(),
            retries: Semaphore::new(MAX_RETRIES),
            adopted: Pace::default(),
        });
        Self {
            services,
            are_unrecorded: watch::Sender::new(false),
            inner,
        }
    }

    /// Stores a request for one phone; returns once that is durable.
    pub(super) async fn insert(
        &self,
        info: &RequestInfo,
        phone: &str,
        phone_ref: &PhoneRef,
        request: &Request,
        files: Option<BTreeMap<String, CarriedFile>>,
    ) -> Result<Inserted, Error> {
        let store = self.inner.store.as_ref();
        let store = store.map_err(|why| Error::Unusable(why.clone()))?;
        let keep = request.keep.unwrap_or_default();
        let entry = to_entry(info, phone, phone_ref, keep, store.now(), files);
        let entry = entry.map_err(|error| Error::Unusable(error.to_string()))?;
        store.insert(entry, &phone_ref.key()).await
    }

    /// Returns the commit point of a stored delivery.
    pub(super) fn commit_point(&self, number: u64) -> CommitPoint {
        match self.store() {
            Some(store) => {
                let store = Arc::clone(store);
                CommitPoint::with_journal(InFlightMarker { store, number })
            }
            None => CommitPoint::default(),
        }
    }

    pub(super) fn store(&self) -> Option<&Arc<dyn Storage>> {
        self.inner.store.as_ref().ok()
    }

    /// Returns the place of a delivery in the store.
    pub(super) fn order(&self, number: u64) -> u64 {
        self.store().map_or(number, |store| store.order(number))
    }

    /// Returns the time by the clock of the store.
    pub(super) fn now(&self) -> SystemTime {
        self.store()
            .map_or_else(SystemTime::now, |store| store.now())
    }

    /// Returns the pace of deliveries that this process did not accept.
    pub(super) fn pace_of_adopted(&self) -> Pace {
        self.inner.adopted.clone()
    }

    /// Returns how many deliveries are stored, including those being sent.
    pub(in crate::dispatch) fn len(&self) -> usize {
        self.store().map_or(0, |store| store.len())
    }

    /// Returns whether another delivery fits into the backlog of a phone.
    pub(super) fn has_room(&self, key: &str) -> bool {
        let backlogs = self.inner.backlogs.lock();
        backlogs
            .get(key)
            .is_none_or(|backlog| backlog.len() < BACKLOG_CAPACITY)
    }

    /// Waits until the history on the disk has the deliveries that were resumed, unless it cannot be written: what ends
    /// earlier would leave no trace if the daemon was killed then.
    pub(super) async fn recorded(&self) {
        let mut are_unrecorded = self.are_unrecorded.subscribe();
        // Fails only if the sender is dropped, and this holds it.
        let _ = are_unrecorded
            .wait_for(|are_unrecorded| !are_unrecorded)
            .await;
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
        self.recorded().await;
        if let Some(store) = self.store()
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

    /// Has the deliveries of a phone, or of all, looked at again: the store has changed.
    pub(super) fn refresh(&self, phone_key: Option<&str>) {
        let backlogs = self.inner.backlogs.lock();
        let is_meant = |key: &str| phone_key.is_none_or(|phone_key| phone_key == key);
        for (_, backlog) in backlogs.iter().filter(|(key, _)| is_meant(key)) {
            backlog.reorder(|number| self.order(number));
            backlog.wake.notify_one();
        }
    }

    /// Delivers the deliveries of a backlog until it is empty.
    async fn run(&self, key: &str, backlog: &Arc<PhoneBacklog>) {
        let stop = self.services.tasks.stop();
        let mut delays = Backoff::new(FIRST_DELAY, MAX_DELAY);
        stop.run_until_cancelled(self.recorded()).await;
        loop {
            let are_ended = self.end_some(backlog).await;
            if stop.is_cancelled() {
                // The rest is in the store; callers that still wait are notified.
                let notify = |delivery: &mut PendingDelivery| self.notify_queued(delivery);
                backlog.mark_unreachable("handsetd is stopping", notify);
                return;
            }
            let admit = |number| self.store().map_or(Ok(()), |store| store.admit(number));
            let why = match backlog.pop(Instant::now(), admit) {
                Next::Empty => {
                    if self.remove_if_empty(key, backlog) {
                        return;
                    }
                    continue;
                }
                Next::Refused(why) => why,
                Next::Attempt(delivery) => {
                    let Some(mut delivery) = self.deliver(*delivery, backlog).await else {
                        delays.reset();
                        continue;
                    };
                    let why = delivery.unreachable_because.clone();
                    delivery.order = self.order(delivery.number);
                    backlog.reinsert(delivery);
                    why
                }
            };
            backlog.mark_unreachable(&why, |delivery| self.notify_queued(delivery));
            let retry = Instant::now() + delays.next_delay();
            let expiry = backlog.next_expiry().filter(|_| are_ended).unwrap_or(retry);
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
        let attempt = self.attempt(&mut delivery).instrument(span).await;
        match attempt {
            Attempt::Unreachable(why) if !delivery.commit_point.is_cancelled() => {
                if delivery.commit_point.is_committed() {
                    self.reset_state(delivery.number).await;
                    delivery.commit_point.reset();
                }
                if let Some(store) = self.store() {
                    store.record_unreachable(delivery.number);
                }
                let is_first = delivery.unreachable_because.is_empty();
                delivery.unreachable_because = why;
                if is_first {
                    self.notify_queued(&mut delivery);
                }
                Some(delivery)
            }
            Attempt::Unreachable(_) => self.expire(delivery).await,
            Attempt::Ended(outcome) => {
                backlog.mark_reachable();
                self.end(delivery, &outcome).await
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
                let (files, plans) = (&delivery.files, SharedPlans::default());
                let deliver = || {
                    Box::pin(services.deliver(Some(&phone), request, files, &plans, commit_point))
                };
                let delivering = slot.run(commit_point, deliver);
                let delivering = async {
                    if is_retry {
                        delivering.await
                    } else {
                        delivery.pace.run(|| delivering).await
                    }
                };
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

    /// Raises the event of a delivery that has expired.
    pub(in crate::dispatch) fn announce_expired(&self, expired: Expired) {
        // It is in the history and in the log as well.
        if self.inner.expired.try_send(expired).is_err() {
            warn!("Too many stored deliveries expire at once; some have no event.");
        }
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
}

/// Returns the span of a delivery, independent of the delivery that started the task.
pub(super) fn span(delivery: &PendingDelivery) -> Span {
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

/// How long Asterisk may take to report a phone before an attempt.
const INQUIRY_TIME: Duration = Duration::from_secs(4);

/// How long to wait after a phone has registered.
const REGISTRATION_DELAY: Duration = Duration::from_secs(1);
