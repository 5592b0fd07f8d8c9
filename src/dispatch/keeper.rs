//! Deliveries with `keep`: held in a file until the phone has them, in the order in which they were
//! asked.
//!
//! Each phone that something is kept for has a [`Line`] and a task, which tries the first parcel of
//! the line, and tries again when the roster says that the phone is back, when another parcel comes,
//! and now and then, since not every absence shows in the roster. Only what was surely not sent is
//! tried again. The file is told before anybody is told of it; see [`crate::held`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, broadcast, mpsc};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{Instrument, Span, error, info, info_span, warn};

use super::line::Line;
use super::parcel::{Mark, Parcel, letter};
use super::queue::Queues;
use super::under_way::UnderWay;
use crate::backoff::Backoff;
use crate::deliver::Courier;
use crate::finder::{Bearings, Finder};
use crate::held::{Held, Stage, Store};
use crate::history::{Asked, Asker, History};
use crate::meters::Meters;
use crate::outcome::{DeliveryId, Outcome, Status};
use crate::roster::Arrival;
use crate::sendoff::Sendoff;
use crate::shutdown::Tasks;
use crate::verb::Request;

/// Keeps deliveries. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub(super) struct Keeper(pub(super) Arc<Parts>);

/// All that deliveries need.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) finder: Finder,
    pub(super) courier: Courier,
    pub(super) history: History,
    pub(super) meters: Meters,
    pub(super) under_way: UnderWay,
    pub(super) queues: Queues,
    pub(super) tasks: Tasks,
    /// The file; or why there is none.
    pub(super) store: Result<Store, String>,
    /// Who hears of what was dropped.
    pub(super) expired: mpsc::Sender<Expired>,
    /// By endpoint, or by what else the phone is asked for.
    pub(super) lines: Mutex<HashMap<String, Arc<Line>>>,
    /// Second and further tries that may run at once.
    pub(super) tries: Semaphore,
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
enum Tried {
    /// The phone can't be reached; nothing was sent.
    Away(String),
    Over(Outcome),
}

impl Keeper {
    /// Goes on with what was held when the daemon ended.
    pub(super) fn resume(&self, held: Vec<Held>) {
        let count = held.len();
        for held in held {
            self.resume_one(held);
        }
        if count > 0 {
            info!(
                count,
                "Goes on with what is held for phones that were away."
            );
        }
    }

    fn resume_one(&self, held: Held) {
        let Held {
            number,
            stage,
            letter,
        } = held;
        let asked = Asked {
            id: DeliveryId::given(letter.id),
            asker: serde_json::from_str(&letter.asker).unwrap_or(NOBODY),
            verb: letter.verb,
            keys: letter.keys,
        };
        let pairs = asked.keys.iter().map(|(key, value)| (key, value));
        let request = Request::parse(&asked.verb, pairs).map_err(|refusal| refusal.to_string());
        let bearings = serde_json::from_str(&letter.bearings).map_err(|error| error.to_string());
        let entry = self
            .0
            .history
            .begin_at(letter.at, &asked, &letter.phone, None);
        let over = |status, reason: String| Outcome::at(&letter.phone, None, status, reason);
        let over = match (&request, &bearings) {
            _ if stage == Stage::Sending => {
                let reason = "handsetd ended while this was being sent: it may have happened";
                over(Status::Unknown, reason.to_owned())
            }
            (Err(why), _) | (_, Err(why)) => {
                let reason = format!("this version of handsetd does not understand it: {why}");
                over(Status::Invalid, reason)
            }
            (Ok(request), Ok(bearings)) => {
                let sendoff = self.sendoff(number);
                let place = self.0.under_way.enter(&asked.id, &letter.phone, &sendoff);
                let now = Instant::now();
                // Whatever the clock says now, it is not held longer than it was asked for.
                let age = SystemTime::now().duration_since(letter.at);
                let left = letter.keep.saturating_sub(age.unwrap_or_default());
                self.enter(Parcel {
                    number,
                    id: asked.id,
                    request: Arc::new(request.clone()),
                    phone: letter.phone,
                    vendor: None,
                    bearings: Clone::clone(bearings),
                    since: now,
                    until: now + left,
                    entry,
                    place,
                    sendoff,
                    told: None,
                    why: String::new(),
                });
                return;
            }
        };
        self.0.history.end(entry, &over);
        let Outcome { status, reason, .. } = &over;
        warn!(id = %asked.id, phone = letter.phone, %status, reason, "A held delivery is over.");
        self.forget(number);
    }

    /// Holds what is asked of one phone, and returns its number once that is sure; the error is in
    /// words for people.
    pub(super) async fn hold(
        &self,
        asked: &Asked,
        phone: &str,
        bearings: &Bearings,
        request: &Request,
    ) -> Result<u64, String> {
        let store = self.0.store.as_ref().map_err(Clone::clone)?;
        let keep = request.keep.unwrap_or_default();
        let letter = letter(asked, phone, bearings, keep).map_err(|error| error.to_string())?;
        store.hold(letter).await.map_err(|error| error.to_string())
    }

    /// Returns what asks the file before something is sent.
    pub(super) fn sendoff(&self, number: u64) -> Sendoff {
        match &self.0.store {
            Ok(store) => {
                let store = store.clone();
                Sendoff::with_journal(Mark { store, number })
            }
            Err(_) => Sendoff::default(),
        }
    }

    /// Returns how many are held or being delivered.
    pub(super) fn len(&self) -> usize {
        self.0.store.as_ref().map_or(0, Store::len)
    }

    /// Returns whether there is room for another one for the phone of that key.
    pub(super) fn has_room(&self, key: &str) -> bool {
        let lines = self.lines();
        lines.get(key).is_none_or(|line| line.len() < MAX_IN_LINE)
    }

    /// Takes a parcel that is in the file.
    pub(super) fn enter(&self, parcel: Parcel) {
        let key = parcel.bearings.key().to_owned();
        let mut lines = self.lines();
        let line = lines.entry(key.clone()).or_insert_with(|| {
            let line = Arc::new(Line::default());
            let (keeper, own) = (self.clone(), Arc::clone(&line));
            self.0
                .tasks
                .spawn("held", async move { keeper.run(&key, &own).await });
            line
        });
        // Under the lock, so that the task does not end just now.
        line.put(parcel, |parcel| self.tell_held(parcel));
    }

    /// Listens to phones that come back, until everything stops.
    pub(super) async fn listen(self, mut arrivals: broadcast::Receiver<Arrival>) {
        let stop = self.0.tasks.stop();
        loop {
            let arrival = tokio::select! {
                () = stop.cancelled() => return,
                arrival = arrivals.recv() => arrival,
            };
            let lines = self.lines();
            match arrival {
                Ok(Arrival::Endpoint(endpoint)) => {
                    if let Some(line) = lines.get(&endpoint.to_string()) {
                        line.wake.notify_one();
                    }
                    // A phone that is asked for by its address may be of any endpoint.
                    let others = lines.iter().filter(|(key, _)| !key.contains('/'));
                    others.for_each(|(_, line)| line.wake.notify_one());
                }
                Ok(Arrival::Any) | Err(RecvError::Lagged(_)) => {
                    lines.values().for_each(|line| line.wake.notify_one());
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Forgets what was called back, also in the file.
    pub(super) async fn withdraw(&self, id: &str, phones: &[String]) {
        if let Ok(store) = &self.0.store
            && !store.is_empty()
            && let Err(error) = store.withdraw(id, phones).await
        {
            warn!(id, %error, "What was called back may come again after a crash.");
        }
        let lines = self.lines();
        lines.values().for_each(|line| line.wake.notify_one());
    }

    /// Delivers what is in a line, until it is empty.
    async fn run(&self, key: &str, line: &Arc<Line>) {
        let stop = self.0.tasks.stop();
        let mut waits = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        loop {
            for parcel in line.take_over(Instant::now()) {
                self.give_up(parcel).await;
            }
            if stop.is_cancelled() {
                // The file has the rest; whoever still comes is told so as well.
                line.is_away("handsetd is stopping", |parcel| self.tell_held(parcel));
                return;
            }
            let Some(parcel) = line.take() else {
                if self.close(key, line) {
                    return;
                }
                continue;
            };
            let Some(parcel) = self.deliver(parcel, line).await else {
                waits.reset();
                continue;
            };
            let why = parcel.why.clone();
            line.put(parcel, |_| {});
            line.is_away(&why, |parcel| self.tell_held(parcel));
            let again = Instant::now() + waits.next_wait();
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

    /// Tries to deliver a parcel; returns it if the phone can't be reached.
    async fn deliver(&self, mut parcel: Parcel, line: &Line) -> Option<Parcel> {
        let span = span(&parcel);
        let tried = self.attempt(&mut parcel).instrument(span.clone()).await;
        match tried {
            Tried::Away(why) if !parcel.sendoff.is_called_back() => {
                if parcel.sendoff.has_begun() {
                    self.unmark(parcel.number).await;
                    parcel.sendoff.rearm();
                }
                let is_new = parcel.why.is_empty();
                parcel.why = why;
                if is_new {
                    self.tell_held(&mut parcel);
                }
                Some(parcel)
            }
            Tried::Away(_) => {
                self.give_up(parcel).await;
                None
            }
            Tried::Over(outcome) => {
                line.is_there();
                self.end(parcel, &outcome).instrument(span).await;
                None
            }
        }
    }

    async fn attempt(&self, parcel: &mut Parcel) -> Tried {
        let phone = match self.0.finder.again(&parcel.bearings) {
            Ok(phone) => phone,
            Err(missing) => return Tried::Away(missing.reason),
        };
        parcel.vendor = Some(phone.vendor);
        // Phones that are known to be away must not delay those of which nothing is known.
        let is_again = !parcel.why.is_empty() || parcel.told.is_none();
        let room = async { self.0.tries.acquire().await.ok() };
        let _room = if is_again { room.await } else { None };
        let Ok(mut turn) = self.0.queues.enter(&phone, &parcel.request) else {
            return Tried::Away("too much waits for this phone already".to_owned());
        };
        let outcome = tokio::select! {
            biased;
            () = parcel.sendoff.called_back() => return Tried::Away(String::new()),
            outcome = async {
                turn.come().await;
                let (request, sendoff) = (&parcel.request, &parcel.sendoff);
                self.0.courier.deliver(&phone, request, sendoff).await
            } => outcome,
        };
        match outcome.status {
            Status::Unreachable => Tried::Away(outcome.reason),
            _ => Tried::Over(outcome),
        }
    }

    /// Ends a parcel whose time is over, or that was called back.
    async fn give_up(&self, parcel: Parcel) {
        let span = span(&parcel);
        if parcel.sendoff.is_called_back() {
            let outcome = parcel.place.withdrawn(&parcel.phone, parcel.vendor);
            return self.end(parcel, &outcome).instrument(span).await;
        }
        let outcome = parcel.expired();
        let expired = Expired {
            id: parcel.id.to_string(),
            phone: parcel.phone.clone(),
            verb: parcel.request.verb.name(),
            keep: parcel.keep(),
            reason: outcome.reason.clone(),
        };
        self.end(parcel, &outcome).instrument(span).await;
        // History and log have it as well.
        if self.0.expired.try_send(expired).is_err() {
            warn!("Too many held deliveries expire at once for an event of each.");
        }
    }

    /// Forgets a parcel, and tells what came of it.
    async fn end(&self, parcel: Parcel, outcome: &Outcome) {
        if let Ok(store) = &self.0.store
            && store.forget(parcel.number).await.is_err()
        {
            self.forget(parcel.number);
        }
        let Parcel {
            request,
            since,
            entry,
            told,
            ..
        } = parcel;
        self.0.history.end(entry, outcome);
        let Outcome { status, reason, .. } = outcome;
        let verb = request.verb.name();
        let meters = &self.0.meters;
        meters.delivered(outcome.vendor, verb, *status, since.elapsed());
        info!(verb, %status, reason, "Delivered.");
        // Whoever asked may have gone long ago.
        let _ = told.map(|told| told.send(outcome.clone()));
    }

    /// Tells whoever waits that a parcel is held.
    fn tell_held(&self, parcel: &mut Parcel) {
        let held = parcel.held();
        self.0.history.wait(&mut parcel.entry, &held.reason);
        let reason = held.reason.as_str();
        span(parcel).in_scope(|| info!(reason, "Held."));
        let _ = parcel.told.take().map(|told| told.send(held));
    }

    /// Forgets the line if it is still empty; returns whether it was.
    fn close(&self, key: &str, line: &Arc<Line>) -> bool {
        let mut lines = self.lines();
        let is_empty = line.len() == 0;
        if is_empty {
            lines.remove(key);
        }
        is_empty
    }

    /// Notes that nothing of a parcel was sent after all. Until that is written, the parcel is not
    /// tried again, as a crash would leave it as sent.
    async fn unmark(&self, number: u64) {
        let Ok(store) = &self.0.store else { return };
        let stop = self.0.tasks.stop();
        while let Err(error) = store.mark(number, Stage::Waiting).await {
            error!(%error, "Cannot note that a held delivery was not sent; tries on.");
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(DISK) => {}
            }
        }
    }

    /// Forgets what is over, as soon as the file can be written.
    fn forget(&self, number: u64) {
        let Ok(store) = self.0.store.clone() else {
            return;
        };
        let stop = self.0.tasks.stop();
        self.0.tasks.spawn("forget", async move {
            while let Err(error) = store.forget(number).await {
                error!(%error, "Cannot note that a held delivery is over; tries on.");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = sleep(DISK) => {}
                }
            }
        });
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<String, Arc<Line>>> {
        // The map is whole, whoever panicked.
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the span of a parcel: not below that of whoever opened the line.
fn span(parcel: &Parcel) -> Span {
    info_span!(parent: None, "delivery", id = %parcel.id, phone = parcel.phone)
}

/// Who asked, where a version of the program can't read who.
const NOBODY: Asker = Asker::UserEvent {
    channel: String::new(),
    extension: String::new(),
};

/// How many may be held for one phone.
const MAX_IN_LINE: usize = 2000;

/// How many phones are tried again at once.
pub(super) const MAX_TRIES: usize = 256;

/// How long to wait before the second try, and at the most; a phone that came back is tried at once.
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// How long to wait after a phone came back.
const PAUSE: Duration = Duration::from_secs(1);

/// How long to wait for a disk that can't be written.
const DISK: Duration = Duration::from_secs(5);
