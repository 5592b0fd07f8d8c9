//! Turns a request into deliveries: one for each phone, each in a separate task; those to many phones are left
//! to a few workers.
//!
//! A delivery continues when its caller is gone, and a panic in one does not end others; deliveries to the
//! same phone are queued. Each is recorded in the history with its requester, and can be cancelled
//! until something is sent. Deliveries with `keep` are stored in the outbox, where they wait for
//! phones that are unreachable. A phone that another daemon owns gets the request from that one.

mod delivery;
mod in_flight;
mod open_delivery;
mod outbox;
mod pace;
mod peer;
mod queue;
mod refusal;
mod remote_delivery;
mod request_files;
mod route;
mod services;
mod shared;
mod terms;
#[cfg(test)]
mod tests;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use handset_phones::phone::Phone;
use handset_phones::verb::{Action, Request};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tracing::{Span, info_span};

use crate::commit_point::CommitPoint;
use crate::deliver::SharedPlans;
use crate::fleet::{CarriedFiles, PeerCancellation};
use crate::history::{RequestInfo, Requester};
use crate::outbox::{Change, Storage, StoredEntry};
use crate::outcome::{Outcome, Report, Status};
use crate::resolver::{NotFound, Resolution};
use crate::roster::Roster;
use open_delivery::{OpenDelivery, QueuedDelivery};
use outbox::OutboxWorker;
use route::{Destination, RemotePhone, Router};
use shared::Shared;
use terms::Terms;
use workers::Workers;

pub(crate) use delivery::Delivery;
pub(crate) use outbox::Expired;
pub(crate) use route::reaching;
pub(crate) use services::Services;
#[cfg(feature = "cluster")]
pub(crate) use terms::PeerTerms;

/// Starts deliveries. Clones share their state.
#[derive(Clone, Debug)]
pub(crate) struct Dispatcher {
    services: Arc<Services>,
    outbox: OutboxWorker,
}

impl Dispatcher {
    /// Creates a dispatcher whose outbox is `store`, or why there is none. The returned end receives
    /// the stored deliveries that expire.
    pub(crate) fn new(
        services: Services,
        store: Result<Arc<dyn Storage>, String>,
    ) -> (Self, mpsc::Receiver<Expired>) {
        let services = Arc::new(services);
        let (expired, receiver) = mpsc::channel(EXPIRED_CAPACITY);
        let outbox = OutboxWorker::new(Arc::clone(&services), store, expired);
        (Self { services, outbox }, receiver)
    }

    /// Resumes the deliveries that were stored when the daemon ended. From now on, stored deliveries
    /// are retried when `roster` reports that their phone has registered.
    pub(crate) fn resume(&self, entries: Vec<StoredEntry>, roster: &Roster) {
        let listener = self.outbox.clone().listen(roster.arrivals());
        self.services.tasks.spawn("arrivals", listener);
        self.outbox.resume(entries);
    }

    /// Follows what changes in the store without this process, until the daemon stops.
    pub(crate) fn follow(&self, changes: mpsc::Receiver<Change>) {
        let follow = self.outbox.clone().follow(changes);
        let tasks = &self.services.tasks;
        let stop = tasks.stop();
        tasks.spawn("outbox changes", async move {
            stop.run_until_cancelled(follow).await;
        });
    }

    /// Returns how many deliveries are in progress.
    pub(crate) fn in_flight(&self) -> usize {
        self.services.in_flight.len()
    }

    /// Returns how many deliveries wait for another one to the same phone.
    pub(crate) fn waiting(&self) -> usize {
        self.services.queues.len()
    }

    /// Returns how many deliveries the outbox holds.
    pub(crate) fn stored(&self) -> usize {
        self.outbox.len()
    }

    /// Cancels the deliveries of the request `id` that are not sent yet, also those of other daemons; returns
    /// their phones.
    pub(crate) async fn cancel(&self, id: &str, requester: &Requester) -> Vec<String> {
        let mut phones = self.cancel_here(id, requester).await;
        if let Some(routes) = &self.services.routes
            && let Ok(requester) = serde_json::to_value(requester)
        {
            let id = id.to_owned();
            let remote = routes.cancel(PeerCancellation { id, requester }).await;
            phones.extend(remote);
            phones.sort();
            phones.dedup();
        }
        phones
    }

    async fn cancel_here(&self, id: &str, requester: &Requester) -> Vec<String> {
        let phones = self.services.in_flight.cancel(id, requester);
        if !phones.is_empty() {
            self.outbox.delete_pending(id, &phones).await;
        }
        phones
    }

    /// Records an invalid request, and reports it.
    pub(crate) fn refuse(&self, info: &RequestInfo, reason: impl Into<String>) -> Report {
        let outcome = Outcome::new(Status::Invalid, reason);
        self.services.reject(info, outcome).into()
    }

    /// Delivers a request to all phones that it names, and waits for all outcomes.
    ///
    /// There is no calling phone, so a request that names no phone is `INVALID`.
    pub(crate) async fn dispatch(&self, request: Request, info: &RequestInfo) -> Report {
        match self.launch(request, info).await {
            Ok(mut deliveries) => {
                Delivery::all_ended(&mut deliveries).await;
                Report::of(&Delivery::outcomes(deliveries))
            }
            Err(report) => report,
        }
    }

    /// Starts the deliveries to all phones that a request names, after asking Asterisk for those that
    /// are not known. If there is nothing to start, returns the report.
    pub(crate) async fn launch(
        &self,
        request: Request,
        info: &RequestInfo,
    ) -> Result<Vec<Delivery>, Report> {
        if request.action == Action::Ping {
            return Err(Outcome::new(Status::Ok, String::new()).into());
        }
        if Self::needs_no_phone(&request) {
            return Ok(vec![self.start_alone(request, info)]);
        }
        let Some(names) = &request.phone else {
            let reason = "phone is missing, and there is no calling phone to default to";
            return Err(self.refuse(info, reason));
        };
        let patience = request.deadline.unwrap_or(INQUIRY_TIME).min(INQUIRY_TIME);
        let resolver = &self.services.resolver;
        let home = info.home.as_ref();
        let until = Instant::now() + patience;
        let found = resolver.search(names, home, until).await;
        if let Some(routes) = &self.services.routes
            && found.iter().any(Result::is_err)
        {
            routes.settle(patience).await;
        }
        Ok(self.start(found, request, info))
    }

    /// Returns whether a request names a device or user of the call manager, so that no phone has to
    /// be found.
    pub(crate) fn needs_no_phone(request: &Request) -> bool {
        matches!(&request.action, Action::Mobility(mobility) if !mobility.concerns_phone())
    }

    /// Starts a request that needs no phone.
    pub(crate) fn start_alone(&self, request: Request, info: &RequestInfo) -> Delivery {
        let services = Arc::clone(&self.services);
        let info = &match services.hold(info) {
            Ok(info) => info,
            Err(outcome) => return Delivery::over(services.reject(info, outcome)),
        };
        if request.keep.is_some() {
            let outcome = Outcome::new(Status::Unsupported, NO_PHONE);
            return Delivery::over(services.reject(info, outcome));
        }
        let record = services.history.begin(info, "", None);
        let span = info_span!("delivery", id = %info.id);
        let delivery = async move {
            let started = Instant::now();
            let commit_point = CommitPoint::default();
            let outcome = services
                .deliver(
                    None,
                    &request,
                    &CarriedFiles::default(),
                    &SharedPlans::default(),
                    &commit_point,
                )
                .await;
            let verb = request.verb.name();
            services.finish(record, verb, &outcome, started.elapsed());
            outcome
        };
        let tasks = &self.services.tasks;
        let task = tasks.spawn_in(span, delivery);
        Delivery::in_progress(Outcome::new(Status::Queued, ""), task)
    }

    /// Starts the deliveries to the phones that were found, and to those of other daemons that the request
    /// names.
    pub(crate) fn start(
        &self,
        found: Vec<Resolution>,
        request: Request,
        info: &RequestInfo,
    ) -> Vec<Delivery> {
        let services = &self.services;
        let held = services.check_links(&request.action);
        let held = held.and_then(|()| services.hold(info));
        let info = match &held {
            Ok(info) => info,
            Err(outcome) => {
                let refused = self.services.reject(info, outcome.clone());
                return vec![Delivery::over(refused)];
            }
        };
        let destinations = match &services.routes {
            None => found.into_iter().map(Destination::Local).collect(),
            Some(routes) => {
                let router = Router {
                    resolver: &services.resolver,
                    routes: &**routes,
                    home: info.home.as_ref(),
                };
                router.destinations(found, request.phone.as_ref())
            }
        };
        let request = Arc::new(request);
        let shared = Shared::of(destinations.len(), &services.tasks);
        let start = |destination| match destination {
            Destination::Local(found) if request.keep.is_some() => {
                self.start_stored(found, &request, info, shared.clone())
            }
            Destination::Local(Ok(phone)) => {
                self.start_one(phone, Arc::clone(&request), info, shared.clone())
            }
            Destination::Local(Err(NotFound { outcome, .. })) => {
                Delivery::over(self.services.reject(info, outcome))
            }
            Destination::Remote(remote) if request.keep.is_some() => {
                self.start_stored_remote(*remote, &request, info, shared.clone())
            }
            Destination::Remote(remote) => {
                self.start_remote(*remote, &request, info, shared.clone())
            }
        };
        destinations.into_iter().map(start).collect()
    }

    /// Stores a delivery to a phone that another daemon owns.
    fn start_stored_remote(
        &self,
        remote: RemotePhone,
        request: &Arc<Request>,
        info: &RequestInfo,
        shared: Shared,
    ) -> Delivery {
        let found = remote.local.ok_or_else(|| NotFound {
            outcome: Outcome::at(
                &remote.name,
                remote.vendor,
                Status::Unreachable,
                "it is a phone of another daemon",
            ),
            phone_ref: Some(Box::new(remote.phone_ref)),
        });
        self.start_stored(found, request, info, shared)
    }

    fn start_one(
        &self,
        phone: Phone,
        request: Arc<Request>,
        info: &RequestInfo,
        Shared { workers, plans, .. }: Shared,
    ) -> Delivery {
        let terms = Terms {
            plans,
            files: CarriedFiles::default(),
            until: None,
        };
        self.start_on((phone, workers), request, info, terms)
    }

    /// Starts the delivery to a phone, by one of the workers of its request if that has any.
    fn start_on(
        &self,
        (phone, workers): (Phone, Option<Workers<QueuedDelivery>>),
        request: Arc<Request>,
        info: &RequestInfo,
        terms: Terms,
    ) -> Delivery {
        let services = Arc::clone(&self.services);
        let outcome = Outcome::at(&phone.name, Some(phone.vendor), Status::Queued, "");
        let slot = match services.queues.enter(&phone, &request) {
            Ok(slot) => slot,
            Err(full) => return Delivery::over(services.reject_unqueued(info, outcome, full)),
        };
        let record = services
            .history
            .begin_unannounced(info, &phone.name, Some(phone.vendor));
        let commit_point = CommitPoint::default();
        let delivery = OpenDelivery {
            guard: services
                .in_flight
                .enter(&info.id, &phone.name, &commit_point),
            services,
            id: info.id.clone(),
            phone,
            request,
            terms,
            record,
            commit_point,
            started: Instant::now(),
            parent: Span::current(),
        };
        let Some(workers) = workers else {
            let tasks = &self.services.tasks;
            let task = tasks.spawn_in(Span::none(), delivery.run(slot));
            return Delivery::in_progress(outcome, task);
        };
        let (ended, end) = oneshot::channel();
        let queued = QueuedDelivery {
            delivery,
            slot,
            ended,
        };
        queued.start(workers);
        Delivery::by_worker(outcome, end)
    }
}

/// Reason where `keep` has no phone to wait for.
const NO_PHONE: &str = "keep is for phones, and this goes to the call manager; leave keep out";

/// How long Asterisk may take to report a phone that is not known, its first reading included.
const INQUIRY_TIME: Duration = Duration::from_secs(4);

/// How many expired deliveries may wait for their event: all of a large group expire at once.
const EXPIRED_CAPACITY: usize = crate::outbox::CAPACITY;
