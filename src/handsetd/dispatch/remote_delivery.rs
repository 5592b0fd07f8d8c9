//! Deliveries to phones that other daemons own.
//!
//! Requests for one phone are sent in order and arrive in order; the daemon that owns the phone queues them
//! and keeps the record of each delivery. A request that no daemon has received is recorded here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use handset_phones::phone::Phone;
use handset_phones::verb::Request;
use tokio::time::Instant;
use tracing::{info, info_span, warn};

use super::queue::QueueSlot;
use super::route::RemotePhone;
use super::shared::Shared;
use super::{Delivery, Dispatcher};
use crate::commit_point::CommitPoint;
use crate::deliver::Failure;
use crate::fleet::{CarriedFile, NotSent, PeerReply, PeerRequest, Routes};
use crate::history::{RequestInfo, without_secrets};
use crate::outcome::{Outcome, Status};

/// The result of an attempt to send a request to other daemons.
enum SendResult {
    /// A daemon has replied.
    Replied(Arc<str>, Outcome),
    /// Only this daemon knows the outcome.
    Ended(Outcome),
    /// Nothing was sent, and this daemon reaches the phone.
    Local(Box<Phone>),
}

impl Dispatcher {
    /// Starts a delivery to a phone that another daemon owns.
    pub(super) fn start_remote(
        &self,
        remote: RemotePhone,
        request: &Arc<Request>,
        info: &RequestInfo,
        shared: Shared,
    ) -> Delivery {
        let outcome = Outcome::at(&remote.name, remote.vendor, Status::Queued, "");
        let services = &self.services;
        let slot = match services.sending.enter_as(remote.phone_ref.key()) {
            Ok(slot) => slot,
            Err(full) => return Delivery::over(services.reject_unqueued(info, outcome, full)),
        };
        let Some(routes) = services.routes.clone() else {
            return Delivery::over(services.reject(info, outcome));
        };
        let sending = Sending {
            dispatcher: self.clone(),
            routes,
            remote,
            request: Arc::clone(request),
            info: info.clone(),
            shared,
        };
        let span = info_span!("delivery", id = %info.id, phone = sending.remote.name);
        let tasks = &self.services.tasks;
        let task = tasks.spawn_in(span, sending.run(slot));
        Delivery::in_progress(outcome, task)
    }
}

/// A request on its way to another daemon.
struct Sending {
    dispatcher: Dispatcher,
    routes: Arc<dyn Routes>,
    remote: RemotePhone,
    request: Arc<Request>,
    info: RequestInfo,
    shared: Shared,
}

impl Sending {
    async fn run(self, slot: QueueSlot) -> Outcome {
        let started = Instant::now();
        let services = &self.dispatcher.services;
        let RemotePhone { name, vendor, .. } = &self.remote;
        let commit_point = CommitPoint::default();
        let in_flight = &services.in_flight;
        let guard = in_flight.enter(&self.info.id, name, &commit_point);
        let sent = tokio::select! {
            biased;
            () = commit_point.cancelled() => SendResult::Ended(guard.cancelled_outcome(name, *vendor)),
            sent = self.send(slot, &commit_point) => sent,
        };
        drop(guard);
        match sent {
            SendResult::Replied(daemon, outcome) => {
                self.log(&daemon, &outcome, started.elapsed());
                outcome
            }
            SendResult::Ended(outcome) => services.reject(&self.info, outcome),
            SendResult::Local(phone) => {
                let request = Arc::clone(&self.request);
                let (info, shared) = (&self.info, self.shared.clone());
                let mut delivery = self.dispatcher.start_one(*phone, request, info, shared);
                delivery.end().await;
                delivery.into_outcome()
            }
        }
    }

    /// Sends the request to one daemon after the other until one has the phone, and waits for its reply.
    async fn send(&self, mut slot: QueueSlot, commit_point: &CommitPoint) -> SendResult {
        slot.admission().await;
        let mut slot = Some(slot);
        let Self {
            routes, request, ..
        } = self;
        let services = &self.dispatcher.services;
        let files = self.shared.files.files(services, &**routes, request).await;
        let files = match files {
            Ok(files) => files,
            Err(Failure { status, reason }) => return self.ended(status, reason),
        };
        let within = request.deadline.unwrap_or(MAX_WAIT);
        let until = Instant::now() + within;
        let mut failed = None;
        for daemon in &self.remote.daemons {
            let peer_request = match self.peer_request(files.clone(), until) {
                Ok(peer_request) => peer_request,
                Err(error) => return self.ended(Status::Error, error.to_string()),
            };
            if commit_point.commit().await.is_err() {
                // Cancelled: the other branch knows by whom.
                return std::future::pending().await;
            }
            let reply = match routes.send(daemon, peer_request).await {
                Ok(reply) => reply,
                Err(NotSent(why)) => {
                    commit_point.reset();
                    failed = Some((Status::Unreachable, self.not_sent(daemon, &why)));
                    continue;
                }
            };
            // From here on, the next request for the phone may be sent.
            slot = None;
            match reply.await {
                Ok(PeerReply::Outcome(outcome)) => {
                    return SendResult::Replied(Arc::clone(daemon), self.named(*outcome));
                }
                Ok(PeerReply::NoSuchPhone(outcome)) => {
                    commit_point.reset();
                    failed = Some((outcome.status, outcome.reason));
                }
                Err(unanswered) => {
                    let name = &self.remote.name;
                    let reason = format!(
                        "the request for {name} was sent to the daemon {daemon}, and no answer came: \
                         {unanswered}"
                    );
                    return self.ended(Status::Unknown, reason);
                }
            }
        }
        drop(slot);
        if let Some(phone) = &self.remote.local {
            return SendResult::Local(Box::new(phone.clone()));
        }
        let (status, reason) = failed.unwrap_or((Status::Unreachable, String::new()));
        self.ended(status, reason)
    }

    fn peer_request(
        &self,
        files: BTreeMap<String, CarriedFile>,
        until: Instant,
    ) -> Result<PeerRequest, serde_json::Error> {
        let info = &self.info;
        Ok(PeerRequest {
            id: info.id.to_string(),
            requester: serde_json::to_value(&info.requester)?,
            verb: self.request.verb.name().to_owned(),
            keys: info.keys.to_vec(),
            phone: serde_json::to_value(&self.remote.phone_ref)?,
            within: until.saturating_duration_since(Instant::now()),
            files,
        })
    }

    fn not_sent(&self, daemon: &str, why: &str) -> String {
        let name = &self.remote.name;
        format!("{name} is a phone of the daemon {daemon}, which cannot be reached: {why}")
    }

    fn ended(&self, status: Status, reason: String) -> SendResult {
        let RemotePhone { name, vendor, .. } = &self.remote;
        SendResult::Ended(Outcome::at(name, *vendor, status, reason))
    }

    /// Returns an outcome with the phone's name as known here.
    fn named(&self, outcome: Outcome) -> Outcome {
        Outcome {
            phone: self.remote.name.clone(),
            vendor: outcome.vendor.or(self.remote.vendor),
            ..outcome
        }
    }

    /// Counts and logs a delivery of another daemon, whose history has the record.
    fn log(&self, daemon: &str, outcome: &Outcome, duration: Duration) {
        let Outcome {
            status,
            reason,
            phone,
            vendor,
            ..
        } = outcome;
        let verb = self.request.verb.name();
        let metrics = &self.dispatcher.services.metrics;
        metrics.delivered(*vendor, verb, *status, duration);
        let reason = without_secrets(reason);
        if *status == Status::Ok {
            info!(%status, phone, verb, reason, daemon, "Delivered by another daemon.");
        } else {
            warn!(%status, phone, verb, reason, daemon, "Not delivered by another daemon.");
        }
    }
}

/// Time limit for the reply of another daemon to a request without a `deadline`: longer than phones take that
/// many requests wait for. If that daemon is lost, the wait ends at once.
const MAX_WAIT: Duration = Duration::from_mins(10);
