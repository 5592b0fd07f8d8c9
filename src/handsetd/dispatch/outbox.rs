//! Deliveries with `keep`: held in a file until the phone has them, in the order in which they were
//! asked.
//!
//! Each phone that something is kept for has a line and a task, which tries the first delivery of
//! the line, and tries again when the roster says that the phone is back, when another delivery comes,
//! and now and then, since not every absence shows in the roster. Only what was surely not sent is
//! tried again. The file is told before anybody is told of it; see [`crate::outbox`].

mod backlog;
mod pending_delivery;
mod resume;
mod worker;

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::{Instrument, error};

use super::{Delivery, Dispatcher, NO_PHONE};
use crate::history::RequestInfo;
use crate::outcome::{Outcome, Status};
use crate::resolver::{NotFound, PhoneRef, Resolution};
use handset_phones::phone::Vendor;
use handset_phones::verb::{Action, Request};
use pending_delivery::PendingDelivery;

pub use worker::Expired;
pub(super) use worker::{OutboxWorker, Services};

impl Dispatcher {
    /// Starts a delivery that is held if the phone can't be reached.
    pub(super) fn keep(
        &self,
        found: Resolution,
        request: &Arc<Request>,
        asked: &RequestInfo,
    ) -> Delivery {
        let (name, vendor, phone_ref) = match &found {
            Ok(phone) if matches!(request.action, Action::Mobility(_)) => {
                let vendor = Some(phone.vendor);
                let outcome = Outcome::at(&phone.name, vendor, Status::Unsupported, NO_PHONE);
                return Delivery::over(self.note(asked, outcome));
            }
            Ok(phone) => {
                let phone_ref = self.resolver.phone_ref(phone);
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
            Err(NotFound { outcome, .. }) => {
                return Delivery::over(self.note(asked, outcome.clone()));
            }
        };
        let outcome = Outcome::at(&name, vendor, Status::Queued, "");
        if !self.outbox.has_room(phone_ref.key()) {
            let reason = "too much is held for this phone already";
            let outcome = Outcome::at(&name, vendor, Status::Unreachable, reason);
            return Delivery::over(self.note(asked, outcome));
        }
        let (own, request, asked) = (self.clone(), Arc::clone(request), asked.clone());
        let (is_sure, sure) = oneshot::channel();
        let keeping = async move {
            let number = own.outbox.hold(&asked, &name, &phone_ref, &request).await;
            match number {
                Ok(number) => {
                    // Whoever asked may not want to know.
                    let _ = is_sure.send(());
                    let vendor = found.ok().map(|phone| phone.vendor);
                    own.hand_over(number, &asked, request, name, vendor, phone_ref)
                        .await
                }
                Err(why) => {
                    error!(%why, "Cannot keep a delivery.");
                    drop(is_sure);
                    own.without_keeping(found, request, &asked, &why).await
                }
            }
        };
        let task = self.tasks.spawn("delivery", keeping.in_current_span());
        Delivery::kept(outcome, task, sure)
    }

    /// Gives the outbox what is in the file, and waits until it is delivered or held.
    async fn hand_over(
        &self,
        number: u64,
        asked: &RequestInfo,
        request: Arc<Request>,
        phone: String,
        vendor: Option<Vendor>,
        phone_ref: PhoneRef,
    ) -> Outcome {
        let (told, heard) = oneshot::channel();
        let commit_point = self.outbox.commit_point(number);
        let since = Instant::now();
        let queued = Outcome::at(&phone, vendor, Status::Queued, STOPPING);
        self.outbox.enter(PendingDelivery {
            number,
            id: asked.id.clone(),
            since,
            until: since + request.keep.unwrap_or_default(),
            history_id: self.history.begin(asked, &phone, vendor),
            in_flight: self.in_flight.enter(&asked.id, &phone, &commit_point),
            request,
            phone,
            vendor,
            phone_ref,
            commit_point,
            told: Some(told),
            why: String::new(),
        });
        heard.await.unwrap_or(queued)
    }

    /// Delivers at once, or not at all, what can't be kept.
    async fn without_keeping(
        &self,
        found: Resolution,
        request: Arc<Request>,
        asked: &RequestInfo,
        why: &str,
    ) -> Outcome {
        let mut delivery = match found {
            Ok(phone) => self.start_one(phone, request, asked),
            Err(NotFound { outcome, .. }) => Delivery::over(self.note(asked, outcome)),
        };
        delivery.end().await;
        let mut outcome = delivery.into_outcome();
        if matches!(outcome.status, Status::Unreachable | Status::NotFound) {
            outcome.status = Status::Error;
            outcome.reason = format!("{}; and it can't be held: {why}", outcome.reason);
        }
        outcome
    }
}

/// What is said of a kept delivery that was not tried when the daemon stopped.
const STOPPING: &str = "handsetd is stopping; it is held until the next start";
