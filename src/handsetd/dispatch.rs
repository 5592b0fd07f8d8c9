//! From a request to deliveries: one for each phone, each a task of its own.
//!
//! A delivery goes on when nobody waits for it any more, and a fault in one ends no other; those to
//! the same phone come one after the other. Each is noted in the [`History`], with who asked; until
//! something is sent it can be called back. What is asked with `keep` goes by way of a file, and
//! waits there for phones that are away.

mod delivery;
mod in_flight;
mod outbox;
mod queue;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::{Instrument, info, info_span};

use crate::commit_point::CommitPoint;
use crate::deliver::Courier;
use crate::history::{History, RequestInfo, Requester, without_secrets};
use crate::metrics::DeliveryMetrics;
use crate::outbox::{Store, StoredEntry};
use crate::outcome::{Answer, Outcome, Status};
use crate::resolver::{NotFound, PhoneResolver, Resolution};
use crate::roster::Roster;
use handset_net::tasks::Tasks;
use handset_phones::phone::Phone;
use handset_phones::verb::{Action, Request};
use in_flight::InFlight;
use outbox::{OutboxWorker, Services as OutboxServices};
use queue::{Admission, Queues};

pub use delivery::Delivery;
pub use outbox::Expired;

/// Starts deliveries. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    resolver: PhoneResolver,
    courier: Courier,
    history: History,
    metrics: DeliveryMetrics,
    in_flight: InFlight,
    queues: Queues,
    outbox: OutboxWorker,
    tasks: Tasks,
}

impl Dispatcher {
    /// Creates a dispatcher. The resolver knows whose phone is meant, the courier takes it there, what
    /// came of it is kept in the history, what is to be kept for absent phones is in `store` (or why
    /// nothing can be), and deliveries run among `tasks`. Who takes the returned end hears of those
    /// that are kept and never delivered.
    pub fn new(
        (resolver, courier, history): (PhoneResolver, Courier, History),
        store: Result<Store, String>,
        tasks: Tasks,
    ) -> (Self, mpsc::Receiver<Expired>) {
        let (expired, dropped) = mpsc::channel(MAX_EXPIRED);
        let parts = OutboxServices {
            resolver: resolver.clone(),
            courier: courier.clone(),
            history: history.clone(),
            metrics: DeliveryMetrics::default(),
            in_flight: InFlight::default(),
            queues: Queues::default(),
            tasks: tasks.clone(),
            store,
            expired,
        };
        let dispatcher = Self {
            resolver,
            courier,
            history,
            metrics: parts.metrics.clone(),
            in_flight: parts.in_flight.clone(),
            queues: parts.queues.clone(),
            outbox: OutboxWorker::new(parts),
            tasks,
        };
        (dispatcher, dropped)
    }

    /// Goes on with what was held when the daemon ended, and from now on tries again what is held
    /// for a phone when `roster` says that it came back.
    pub fn resume(&self, held: Vec<StoredEntry>, roster: &Roster) {
        let listening = self.outbox.clone().listen(roster.arrivals());
        self.tasks.spawn("arrivals", listening);
        self.outbox.resume(held);
    }

    /// Returns how many deliveries are kept until their phone has them.
    pub fn held(&self) -> usize {
        self.outbox.len()
    }

    /// Returns what was delivered before.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Returns what is counted.
    pub fn metrics(&self) -> &DeliveryMetrics {
        &self.metrics
    }

    /// Returns how many deliveries are under way.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Returns who takes requests to phones.
    pub fn courier(&self) -> &Courier {
        &self.courier
    }

    /// Returns how many deliveries wait for another one to the same phone.
    pub fn waiting(&self) -> usize {
        self.queues.len()
    }

    /// Calls back what was asked under the number `id` and is not sent yet; returns the phones that
    /// will hear nothing of it.
    pub async fn cancel(&self, id: &str, asker: &Requester) -> Vec<String> {
        let phones = self.in_flight.cancel(id, asker);
        if !phones.is_empty() {
            self.outbox.withdraw(id, &phones).await;
        }
        phones
    }

    /// Notes a request that is wrong, and says so.
    pub fn refuse(&self, asked: &RequestInfo, why: impl Into<String>) -> Answer {
        self.note(asked, Outcome::new(Status::Invalid, why)).into()
    }

    /// Notes what came of a request for which nothing was started.
    fn note(&self, asked: &RequestInfo, outcome: Outcome) -> Outcome {
        let entry = self.history.begin(asked, &outcome.phone, outcome.vendor);
        self.history.end(entry, &outcome);
        let (vendor, status) = (outcome.vendor, outcome.status);
        self.metrics
            .delivered(vendor, &asked.verb, status, Duration::ZERO);
        outcome
    }

    /// Returns who knows whose phone is meant.
    pub fn resolver(&self) -> &PhoneResolver {
        &self.resolver
    }

    /// Takes a request to all phones that it names, and waits until all is done.
    ///
    /// There is no caller here, so a request that names no phone is `INVALID`.
    pub async fn dispatch(&self, request: Request, asked: &RequestInfo) -> Answer {
        match self.launch(request, asked) {
            Ok(mut deliveries) => {
                join_all(deliveries.iter_mut().map(Delivery::end)).await;
                Answer::of(&Delivery::outcomes(deliveries))
            }
            Err(answer) => answer,
        }
    }

    /// Starts the deliveries to all phones that a request names; where there is nothing to start,
    /// returns the answer.
    pub fn launch(&self, request: Request, asked: &RequestInfo) -> Result<Vec<Delivery>, Answer> {
        if request.action == Action::Ping {
            return Err(Outcome::new(Status::Ok, String::new()).into());
        }
        if Self::needs_no_phone(&request) {
            return Ok(vec![self.start_alone(request, asked)]);
        }
        let Some(names) = &request.phone else {
            let why = "phone is missing; there is no caller whose phone it could be";
            return Err(self.refuse(asked, why));
        };
        let found = self.resolver.find(names);
        Ok(self.start(found, request, asked))
    }

    /// Returns whether a request is about a device or user that the call manager knows by name, so
    /// that no phone has to be found.
    pub fn needs_no_phone(request: &Request) -> bool {
        matches!(&request.action, Action::Mobility(mobility) if !mobility.concerns_phone())
    }

    /// Starts a request that needs no phone.
    pub fn start_alone(&self, request: Request, asked: &RequestInfo) -> Delivery {
        if request.keep.is_some() {
            return Delivery::over(self.note(asked, Outcome::new(Status::Unsupported, NO_PHONE)));
        }
        let courier = self.courier.clone();
        let history = self.history.clone();
        let entry = history.begin(asked, "", None);
        let delivery = async move {
            let outcome = match &request.action {
                Action::Mobility(mobility) => {
                    courier
                        .ask_call_manager(None, mobility, &request, &CommitPoint::default())
                        .await
                }
                _ => Outcome::new(Status::Invalid, "phone is missing"),
            };
            history.end(entry, &outcome);
            let Outcome { status, reason, .. } = &outcome;
            let reason = without_secrets(reason);
            info!(verb = %request.verb, %status, reason, "Delivered.");
            outcome
        };
        let span = info_span!("call manager");
        let task = self.tasks.spawn("delivery", delivery.instrument(span));
        Delivery::going_on(Outcome::new(Status::Queued, ""), task)
    }

    /// Starts the deliveries to the phones that were found.
    pub fn start(
        &self,
        found: Vec<Resolution>,
        request: Request,
        asked: &RequestInfo,
    ) -> Vec<Delivery> {
        let request = Arc::new(request);
        let start = |found| match found {
            found if request.keep.is_some() => self.keep(found, &request, asked),
            Ok(phone) => self.start_one(phone, Arc::clone(&request), asked),
            Err(NotFound { outcome, .. }) => Delivery::over(self.note(asked, outcome)),
        };
        found.into_iter().map(start).collect()
    }

    fn start_one(&self, phone: Phone, request: Arc<Request>, asked: &RequestInfo) -> Delivery {
        let outcome = Outcome::at(&phone.name, Some(phone.vendor), Status::Queued, "");
        let Ok(mut turn) = self.queues.enter(&phone, &request) else {
            let outcome = Outcome {
                status: Status::Unreachable,
                reason: "too much waits for this phone already".to_owned(),
                ..outcome
            };
            return Delivery::over(self.note(asked, outcome));
        };
        let courier = self.courier.clone();
        let (history, metrics) = (self.history.clone(), self.metrics.clone());
        let entry = history.begin(asked, &phone.name, Some(phone.vendor));
        let commit_point = CommitPoint::default();
        let place = self.in_flight.enter(&asked.id, &phone.name, &commit_point);
        let span = info_span!("phone", name = %phone.name, vendor = %phone.vendor, address = %phone.address);
        let delivery = async move {
            let since = Instant::now();
            let outcome = tokio::select! {
                biased;
                () = commit_point.cancelled() => place.withdrawn(&phone.name, Some(phone.vendor)),
                outcome = async {
                    match turn.come().await {
                        Admission::Now => courier.deliver(&phone, &request, &commit_point).await,
                        Admission::Replaced => {
                            let reason = "a newer screen took its place before it was sent";
                            Outcome::at(&phone.name, Some(phone.vendor), Status::Unreachable, reason)
                        }
                    }
                } => outcome,
            };
            drop(turn);
            drop(place);
            history.end(entry, &outcome);
            let Outcome { status, reason, .. } = &outcome;
            let (vendor, verb) = (Some(phone.vendor), request.verb.name());
            metrics.delivered(vendor, verb, *status, since.elapsed());
            let reason = without_secrets(reason);
            info!(verb = %request.verb, %status, reason, "Delivered.");
            outcome
        };
        let task = self.tasks.spawn("delivery", delivery.instrument(span));
        Delivery::going_on(outcome, task)
    }
}

/// What is said of `keep` where no phone is asked.
const NO_PHONE: &str =
    "keep: the call manager is asked, which is never away for long; leave keep out";

/// How many expired deliveries may wait to be told of.
const MAX_EXPIRED: usize = 1024;
