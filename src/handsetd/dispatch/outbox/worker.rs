//! The lines of all phones that something is kept for, and the task of each.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, broadcast, mpsc};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{Instrument, Span, error, info, info_span, warn};

use super::backlog::PhoneBacklog;
use super::pending_delivery::{InFlightMarker, PendingDelivery, to_entry};
use crate::commit_point::CommitPoint;
use crate::deliver::Courier;
use crate::dispatch::in_flight::InFlight;
use crate::dispatch::queue::Queues;
use crate::history::{History, RequestInfo, without_secrets};
use crate::metrics::DeliveryMetrics;
use crate::outbox::{EntryState, Store};
use crate::outcome::{Outcome, Status};
use crate::resolver::{PhoneRef, PhoneResolver};
use crate::roster::Registered;
use handset_net::backoff::Backoff;
use handset_net::tasks::Tasks;
use handset_phones::verb::Request;

/// Keeps deliveries. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub(in crate::dispatch) struct OutboxWorker {
    pub(super) parts: Arc<Services>,
    /// By endpoint, or by what else the phone is asked for.
    lines: Arc<Mutex<HashMap<String, Arc<PhoneBacklog>>>>,
    /// Second and further tries that may run at once.
    tries: Arc<Semaphore>,
}

/// All that deliveries need.
#[derive(Debug)]
pub(in crate::dispatch) struct Services {
    pub(in crate::dispatch) resolver: PhoneResolver,
    pub(in crate::dispatch) courier: Courier,
    pub(in crate::dispatch) history: History,
    pub(in crate::dispatch) metrics: DeliveryMetrics,
    pub(in crate::dispatch) in_flight: InFlight,
    pub(in crate::dispatch) queues: Queues,
    pub(in crate::dispatch) tasks: Tasks,
    /// The file; or why there is none.
    pub(in crate::dispatch) store: Result<Store, String>,
    /// Who hears of what was dropped.
    pub(in crate::dispatch) expired: mpsc::Sender<Expired>,
}

/// A delivery that was dropped because its time was over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Expired {
    /// The number of the request.
    pub id: String,
    /// The phone.
    pub phone: String,
    /// The verb.
    pub verb: &'static str,
    /// How long it was held.
    pub keep: Duration,
    /// Why it was not delivered.
    pub reason: String,
}

/// What came of a try.
enum Attempt {
    /// The phone can't be reached; nothing was sent.
    Away(String),
    Over(Outcome),
}

impl OutboxWorker {
    pub(in crate::dispatch) fn new(parts: Services) -> Self {
        Self {
            parts: Arc::new(parts),
            lines: Arc::default(),
            tries: Arc::new(Semaphore::new(MAX_TRIES)),
        }
    }

    /// Holds what is asked of one phone, and returns its number once that is sure; the error is in
    /// words for people.
    pub(super) async fn hold(
        &self,
        asked: &RequestInfo,
        phone: &str,
        phone_ref: &PhoneRef,
        request: &Request,
    ) -> Result<u64, String> {
        let store = self.parts.store.as_ref().map_err(Clone::clone)?;
        let keep = request.keep.unwrap_or_default();
        let entry = to_entry(asked, phone, phone_ref, keep).map_err(|error| error.to_string())?;
        store.hold(entry).await.map_err(|error| error.to_string())
    }

    /// Returns what asks the file before something is sent.
    pub(super) fn commit_point(&self, number: u64) -> CommitPoint {
        match &self.parts.store {
            Ok(store) => {
                let store = store.clone();
                CommitPoint::with_journal(InFlightMarker { store, number })
            }
            Err(_) => CommitPoint::default(),
        }
    }

    /// Returns how many are held or being delivered.
    pub(in crate::dispatch) fn len(&self) -> usize {
        self.parts.store.as_ref().map_or(0, Store::len)
    }

    /// Returns whether there is room for another one for the phone of that key.
    pub(super) fn has_room(&self, key: &str) -> bool {
        let lines = self.lines();
        lines.get(key).is_none_or(|line| line.len() < MAX_IN_LINE)
    }

    /// Takes a delivery that is in the file.
    pub(super) fn enter(&self, delivery: PendingDelivery) {
        let key = delivery.phone_ref.key().to_owned();
        let mut lines = self.lines();
        let line = lines.entry(key.clone()).or_insert_with(|| {
            let line = Arc::new(PhoneBacklog::default());
            let (outbox, own) = (self.clone(), Arc::clone(&line));
            self.parts
                .tasks
                .spawn("held", async move { outbox.run(&key, &own).await });
            line
        });
        // Under the lock, so that the task does not end just now.
        line.put(delivery, |delivery| self.tell_held(delivery));
    }

    /// Listens to phones that come back, until everything stops.
    pub(in crate::dispatch) async fn listen(self, mut arrivals: broadcast::Receiver<Registered>) {
        let stop = self.parts.tasks.stop();
        loop {
            let arrival = tokio::select! {
                () = stop.cancelled() => return,
                arrival = arrivals.recv() => arrival,
            };
            let lines = self.lines();
            match arrival {
                Ok(Registered::Endpoint(endpoint)) => {
                    if let Some(line) = lines.get(&endpoint.to_string()) {
                        line.wake.notify_one();
                    }
                    // A phone that is asked for by its address may be of any endpoint.
                    let others = lines.iter().filter(|(key, _)| !key.contains('/'));
                    others.for_each(|(_, line)| line.wake.notify_one());
                }
                Ok(Registered::Any) | Err(RecvError::Lagged(_)) => {
                    lines.values().for_each(|line| line.wake.notify_one());
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Forgets what was called back, also in the file.
    pub(in crate::dispatch) async fn withdraw(&self, id: &str, phones: &[String]) {
        if let Ok(store) = &self.parts.store
            && !store.is_empty()
            && let Err(error) = store.withdraw(id, phones).await
        {
            warn!(id, %error, "What was called back may come again after a crash.");
        }
        let lines = self.lines();
        lines.values().for_each(|line| line.wake.notify_one());
    }

    /// Delivers what is in a line, until it is empty.
    async fn run(&self, key: &str, line: &Arc<PhoneBacklog>) {
        let stop = self.parts.tasks.stop();
        let mut waits = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        loop {
            for delivery in line.take_over(Instant::now()) {
                self.give_up(delivery).await;
            }
            if stop.is_cancelled() {
                // The file has the rest; whoever still comes is told so as well.
                line.is_away("handsetd is stopping", |delivery| self.tell_held(delivery));
                return;
            }
            let Some(delivery) = line.take() else {
                if self.close(key, line) {
                    return;
                }
                continue;
            };
            let Some(delivery) = self.deliver(delivery, line).await else {
                waits.reset();
                continue;
            };
            let why = delivery.why.clone();
            line.put_back(delivery);
            line.is_away(&why, |delivery| self.tell_held(delivery));
            let again = Instant::now() + waits.next_delay();
            let end = line.next_end().unwrap_or(again);
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep_until(again.min(end)) => {}
                () = line.wake.notified() => {
                    waits.reset();
                    // A phone that registers has no web server yet.
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Tries to deliver a delivery; returns it if the phone can't be reached.
    async fn deliver(
        &self,
        mut delivery: PendingDelivery,
        line: &PhoneBacklog,
    ) -> Option<PendingDelivery> {
        let span = span(&delivery);
        let tried = self.attempt(&mut delivery).instrument(span.clone()).await;
        match tried {
            Attempt::Away(why) if !delivery.commit_point.is_cancelled() => {
                if delivery.commit_point.is_committed() {
                    self.unmark(delivery.number).await;
                    delivery.commit_point.reset();
                }
                let is_new = delivery.why.is_empty();
                delivery.why = why;
                if is_new {
                    self.tell_held(&mut delivery);
                }
                Some(delivery)
            }
            Attempt::Away(_) => {
                self.give_up(delivery).await;
                None
            }
            Attempt::Over(outcome) => {
                line.is_there();
                self.end(delivery, &outcome).instrument(span).await;
                None
            }
        }
    }

    async fn attempt(&self, delivery: &mut PendingDelivery) -> Attempt {
        let phone = match self.parts.resolver.again(&delivery.phone_ref) {
            Ok(phone) => phone,
            Err(missing) => return Attempt::Away(missing.reason),
        };
        delivery.vendor = Some(phone.vendor);
        // Phones that are known to be away must not delay those of which nothing is known.
        let is_again = !delivery.why.is_empty() || delivery.told.is_none();
        let room = async { self.tries.acquire().await.ok() };
        let _room = if is_again { room.await } else { None };
        let Ok(mut turn) = self.parts.queues.enter(&phone, &delivery.request) else {
            return Attempt::Away("too much waits for this phone already".to_owned());
        };
        let outcome = tokio::select! {
            biased;
            () = delivery.commit_point.cancelled() => return Attempt::Away(String::new()),
            outcome = async {
                turn.come().await;
                let (request, commit_point) = (&delivery.request, &delivery.commit_point);
                let delivering = self.parts.courier.deliver(&phone, request, commit_point);
                // A fault in one must not end the task that the others of the line wait for.
                let delivered = AssertUnwindSafe(delivering).catch_unwind().await;
                delivered.unwrap_or_else(|_| delivery.outcome(Status::Error, BROKE_OFF))
            } => outcome,
        };
        match outcome.status {
            Status::Unreachable => Attempt::Away(outcome.reason),
            _ => Attempt::Over(outcome),
        }
    }

    /// Ends a delivery whose time is over, or that was called back.
    async fn give_up(&self, delivery: PendingDelivery) {
        let span = span(&delivery);
        if delivery.commit_point.is_cancelled() {
            let outcome = delivery
                .in_flight
                .withdrawn(&delivery.phone, delivery.vendor);
            return self.end(delivery, &outcome).instrument(span).await;
        }
        let outcome = delivery.expired();
        let expired = Expired {
            id: delivery.id.to_string(),
            phone: delivery.phone.clone(),
            verb: delivery.request.verb.name(),
            keep: delivery.keep(),
            reason: outcome.reason.clone(),
        };
        self.end(delivery, &outcome).instrument(span).await;
        // History and log have it as well.
        if self.parts.expired.try_send(expired).is_err() {
            warn!("Too many held deliveries expire at once for an event of each.");
        }
    }

    /// Forgets a delivery, and tells what came of it.
    async fn end(&self, delivery: PendingDelivery, outcome: &Outcome) {
        if let Ok(store) = &self.parts.store
            && store.forget(delivery.number).await.is_err()
        {
            self.forget(delivery.number);
        }
        let PendingDelivery {
            request,
            since,
            history_id,
            told,
            ..
        } = delivery;
        self.parts.history.end(history_id, outcome);
        let Outcome { status, reason, .. } = outcome;
        let verb = request.verb.name();
        let metrics = &self.parts.metrics;
        metrics.delivered(outcome.vendor, verb, *status, since.elapsed());
        let reason = without_secrets(reason);
        info!(verb, %status, reason, "Delivered.");
        // Whoever asked may have gone long ago.
        let _ = told.map(|told| told.send(outcome.clone()));
    }

    /// Tells whoever waits that a delivery is held.
    fn tell_held(&self, delivery: &mut PendingDelivery) {
        let held = delivery.held();
        self.parts
            .history
            .set_reason(&mut delivery.history_id, &held.reason);
        let reason = without_secrets(&held.reason);
        span(delivery).in_scope(|| info!(reason, "Stored for later delivery."));
        let _ = delivery.told.take().map(|told| told.send(held));
    }

    /// Forgets the line if it is still empty; returns whether it was.
    fn close(&self, key: &str, line: &Arc<PhoneBacklog>) -> bool {
        let mut lines = self.lines();
        let is_empty = line.len() == 0;
        if is_empty {
            lines.remove(key);
        }
        is_empty
    }

    /// Notes that nothing of a delivery was sent after all. Until that is written, the delivery is not
    /// tried again, as a crash would leave it as sent.
    async fn unmark(&self, number: u64) {
        let Ok(store) = &self.parts.store else { return };
        let stop = self.parts.tasks.stop();
        while let Err(error) = store.mark(number, EntryState::Pending).await {
            error!(%error, "Cannot note that a held delivery was not sent; tries on.");
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(DISK) => {}
            }
        }
    }

    /// Forgets what is over, as soon as the file can be written.
    pub(super) fn forget(&self, number: u64) {
        let Ok(store) = self.parts.store.clone() else {
            return;
        };
        let stop = self.parts.tasks.stop();
        self.parts.tasks.spawn("forget", async move {
            while let Err(error) = store.forget(number).await {
                error!(%error, "Cannot note that a held delivery is over; tries on.");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = sleep(DISK) => {}
                }
            }
        });
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<String, Arc<PhoneBacklog>>> {
        // The map is whole, whoever panicked.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the span of a delivery: not below that of whoever opened the line.
fn span(delivery: &PendingDelivery) -> Span {
    info_span!(parent: None, "delivery", id = %delivery.id, phone = delivery.phone)
}

/// What is said of a fault of ours.
const BROKE_OFF: &str = "the delivery broke off; see the log";

/// How many may be held for one phone.
const MAX_IN_LINE: usize = 2000;

/// How many phones are tried again at once.
const MAX_TRIES: usize = 256;

/// How long to wait before the second try, and at the most; a phone that came back is tried at once.
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// How long to wait after a phone came back.
const PAUSE: Duration = Duration::from_secs(1);

/// How long to wait for a disk that can't be written.
const DISK: Duration = Duration::from_secs(5);
