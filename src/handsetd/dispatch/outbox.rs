//! Deliveries with `keep`: stored until the phone has them, and sent in the order of their arrival.
//!
//! Each phone with stored deliveries has a backlog and a task, which attempts the first delivery of
//! the backlog. It tries again when the roster reports that the phone has registered, when another
//! delivery arrives, and from time to time, since not every return shows in the roster. Only
//! deliveries of which nothing was sent are attempted again. An entry of the store goes through these
//! states; see [`crate::outbox`]:
//!
//! ```text
//!                       insert
//!                          │
//!                          ▼   commit: persisted before the first byte
//!            ┌────────► Pending ─────────────────────────────► InFlight
//!            │             │                                    │   │
//!            │             │ expired, cancelled,                │   │
//!            │             │ NOTFOUND, UNSUPPORTED, …           │   │
//!            │             ▼                                    │   │
//!            │          deleted ◄───────────────────────────────┘   │
//!            │                      OK, REJECTED, UNKNOWN, …        │
//!            └──────────────────────────────────────────────────────┘
//!                 nothing was sent after all (UNREACHABLE)
//! ```
//!
//! After a crash, `Pending` entries are resumed. `InFlight` ones may have been sent, so they end as
//! `UNKNOWN` and are not repeated.

mod backlog;
mod ending;
mod pending_delivery;
mod resume;
mod worker;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use handset_phones::phone::Vendor;
use handset_phones::verb::{Action, Request};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tracing::{Instrument, error};

use super::pace::Pace;
use super::request_files::RequestFiles;
use super::shared::Shared;
use super::{Delivery, Dispatcher, NO_PHONE, Services};
use crate::fleet::{CarriedFile, CarriedFiles};
use crate::history::RequestInfo;
use crate::outbox::{Error, Inserted};
use crate::outcome::{Outcome, Status};
use crate::resolver::{NotFound, PhoneRef, Resolution};
use pending_delivery::PendingDelivery;

pub(crate) use worker::Expired;
pub(super) use worker::OutboxWorker;

/// A delivery that was stored for this daemon.
struct Stored {
    number: u64,
    request: Arc<Request>,
    phone: String,
    vendor: Option<Vendor>,
    phone_ref: PhoneRef,
    pace: Pace,
}

impl Dispatcher {
    /// Starts a delivery that is stored while the phone is unreachable.
    pub(super) fn start_stored(
        &self,
        found: Resolution,
        request: &Arc<Request>,
        info: &RequestInfo,
        shared: Shared,
    ) -> Delivery {
        let reject = |outcome| Delivery::over(self.services.reject(info, outcome));
        let (name, vendor, phone_ref) = match &found {
            Ok(phone) if matches!(request.action, Action::Mobility(_)) => {
                let vendor = Some(phone.vendor);
                let outcome = Outcome::at(&phone.name, vendor, Status::Unsupported, NO_PHONE);
                return reject(outcome);
            }
            Ok(phone) => {
                let phone_ref = self.services.resolver.phone_ref(phone);
                (phone.name.clone(), Some(phone.vendor), phone_ref)
            }
            Err(NotFound {
                outcome,
                phone_ref: Some(phone_ref),
            }) => (
                outcome.phone.clone(),
                outcome.vendor,
                PhoneRef::clone(phone_ref),
            ),
            Err(NotFound { outcome, .. }) => return reject(outcome.clone()),
        };
        let outcome = Outcome::at(&name, vendor, Status::Queued, "");
        if !self.outbox.has_room(&phone_ref.key()) {
            let reason = Error::PhoneFull.to_string();
            return reject(Outcome::at(&name, vendor, Status::Unreachable, reason));
        }
        let (dispatcher, request, info) = (self.clone(), Arc::clone(request), info.clone());
        let (persisted, is_persisted) = oneshot::channel();
        let delivery = async move {
            let outbox = &dispatcher.outbox;
            let files = dispatcher.read_files(&shared.files, &request).await;
            let inserted = outbox.insert(&info, &name, &phone_ref, &request, files);
            match inserted.await {
                Ok(Inserted::Local(number)) => {
                    // The caller may be gone.
                    let _ = persisted.send(());
                    let vendor = found.ok().map(|phone| phone.vendor);
                    let delivery = Stored {
                        number,
                        request,
                        phone: name,
                        vendor,
                        phone_ref,
                        pace: shared.pace,
                    };
                    dispatcher.hand_over(delivery, &info).await
                }
                Ok(Inserted::Remote { daemon, result }) => {
                    let _ = persisted.send(());
                    let reason = format!("stored; the daemon {daemon:?} delivers it");
                    let queued = Outcome::at(&name, vendor, Status::Queued, reason);
                    let told = timeout(TELL_TIME, result).await;
                    let outcome = told.ok().and_then(Result::ok).unwrap_or(queued);
                    Services::log_remote(&info.id, &daemon, &outcome);
                    outcome
                }
                Err(error @ Error::Uncertain(_)) => {
                    let outcome = Outcome::at(&name, vendor, Status::Unknown, error.to_string());
                    dispatcher.services.reject(&info, outcome)
                }
                Err(error @ Error::PhoneFull) => {
                    let reason = error.to_string();
                    let outcome = Outcome::at(&name, vendor, Status::Unreachable, reason);
                    dispatcher.services.reject(&info, outcome)
                }
                Err(error) => {
                    let why = error.to_string();
                    error!(id = %info.id, %why, "Cannot store a delivery.");
                    drop(persisted);
                    dispatcher
                        .deliver_unstored(found, request, &info, shared, &why)
                        .await
                }
            }
        };
        let tasks = &self.services.tasks;
        let task = tasks.spawn("delivery", delivery.in_current_span());
        Delivery::stored(outcome, task, is_persisted)
    }

    /// Returns the files that a request names, for other daemons; `None` without them, or if that fails: then they
    /// are read when this daemon delivers it, which reports the fault.
    async fn read_files(
        &self,
        request_files: &RequestFiles,
        request: &Request,
    ) -> Option<BTreeMap<String, CarriedFile>> {
        let routes = self.services.routes.as_ref()?;
        let files = request_files
            .files(&self.services, &**routes, request)
            .await;
        files.ok()
    }

    /// Passes a stored delivery to the worker, and waits until it has ended or is queued.
    async fn hand_over(&self, stored: Stored, info: &RequestInfo) -> Outcome {
        let Stored {
            number,
            request,
            phone,
            vendor,
            phone_ref,
            pace,
        } = stored;
        let (result, receiver) = oneshot::channel();
        let commit_point = self.outbox.commit_point(number);
        let accepted_at = Instant::now();
        let queued = Outcome::at(&phone, vendor, Status::Queued, STOPPING);
        let in_flight = &self.services.in_flight;
        self.outbox.enqueue(PendingDelivery {
            number,
            order: self.outbox.order(number),
            id: info.id.clone(),
            requester: info.requester.clone(),
            accepted_at,
            expires_at: accepted_at + request.keep.unwrap_or_default(),
            record: self.services.history.begin(info, &phone, vendor),
            guard: in_flight.enter(&info.id, &phone, &commit_point),
            request,
            phone,
            vendor,
            phone_ref,
            commit_point,
            files: CarriedFiles::default(),
            pace,
            result: Some(result),
            unreachable_because: String::new(),
        });
        receiver.await.unwrap_or(queued)
    }

    /// Delivers at once, or not at all, a request that cannot be stored.
    async fn deliver_unstored(
        &self,
        found: Resolution,
        request: Arc<Request>,
        info: &RequestInfo,
        shared: Shared,
        why: &str,
    ) -> Outcome {
        let mut delivery = match found {
            Ok(phone) => self.start_one(phone, request, info, shared),
            Err(NotFound { outcome, .. }) => Delivery::over(self.services.reject(info, outcome)),
        };
        delivery.end().await;
        let mut outcome = delivery.into_outcome();
        if matches!(outcome.status, Status::Unreachable | Status::NotFound) {
            outcome.status = Status::Error;
            outcome.reason = format!("{}; and it cannot be stored: {why}", outcome.reason);
        }
        outcome
    }
}

/// How long another daemon may take to attempt a delivery before the caller learns that it is stored. Phones
/// answer within seconds; a daemon that is lost is noticed earlier.
const TELL_TIME: Duration = Duration::from_mins(1);

/// Reason for a stored delivery that was not attempted before the daemon stopped.
const STOPPING: &str = "handsetd is stopping; the delivery is stored until the next start";
