//! The services that all deliveries share.

use std::sync::Arc;
use std::time::Duration;

use handset_net::tasks::Tasks;
use handset_phones::phone::Phone;
use handset_phones::verb::{Action, Content, Request};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::{info, warn};

use super::in_flight::InFlight;
use super::queue::{Full, Queues};
use super::refusal;
use crate::commit_point::CommitPoint;
use crate::deliver::{Courier, SharedPlans};
use crate::fleet::{CarriedFiles, Routes};
use crate::history::{History, OpenRecord, RequestInfo, without_secrets};
use crate::metrics::DeliveryMetrics;
use crate::outcome::{DeliveryId, Fetches, Outcome, Status};
use crate::page_names::PageNames;
use crate::resolver::PhoneResolver;

/// The services of the dispatcher and its outbox.
#[derive(Debug)]
pub(crate) struct Services {
    pub(super) resolver: PhoneResolver,
    pub(super) courier: Courier,
    pub(super) history: History,
    pub(super) metrics: DeliveryMetrics,
    /// The pages that screens can lead to.
    pages: PageNames,
    /// The other daemons; `None` without `[cluster]`.
    pub(super) routes: Option<Arc<dyn Routes>>,
    /// Runs the deliveries.
    pub(super) tasks: Tasks,
    pub(super) in_flight: InFlight,
    pub(super) queues: Queues,
    /// The order in which requests are sent to other daemons, by phone.
    pub(super) sending: Queues,
    /// The bytes that requests may still take.
    free_bytes: Arc<Semaphore>,
    /// Deliveries whose fetches may still be recorded.
    free_fetch_records: Arc<Semaphore>,
}

impl Services {
    /// Creates the services around those that others use as well; deliveries run among `tasks`.
    pub(crate) fn new(
        resolver: PhoneResolver,
        courier: Courier,
        history: History,
        metrics: DeliveryMetrics,
        pages: PageNames,
        tasks: Tasks,
    ) -> Self {
        Self {
            resolver,
            courier,
            history,
            metrics,
            pages,
            routes: None,
            tasks,
            in_flight: InFlight::default(),
            queues: Queues::default(),
            sending: Queues::default(),
            free_bytes: Arc::new(Semaphore::new(MAX_REQUEST_BYTES)),
            free_fetch_records: Arc::new(Semaphore::new(MAX_FETCH_RECORDS)),
        }
    }

    /// Also delivers to the phones of other daemons.
    #[must_use]
    pub(crate) fn with_routes(self, routes: Arc<dyn Routes>) -> Self {
        Self {
            routes: Some(routes),
            ..self
        }
    }

    /// Checks that the pages exist to which a pushed screen leads.
    pub(super) fn check_links(&self, action: &Action) -> Result<(), Outcome> {
        let Action::Push(push) = action else {
            return Ok(());
        };
        let Content::Screen(screen) = &push.content else {
            return Ok(());
        };
        for link in screen.page_links() {
            let checked = self.pages.check(link.name.as_str());
            checked.map_err(|reason| Outcome::new(Status::Invalid, reason))?;
        }
        Ok(())
    }

    /// Reserves the memory of a request until its deliveries are over, or returns why it is refused.
    pub(super) fn hold(&self, info: &RequestInfo) -> Result<RequestInfo, Outcome> {
        let bytes = u32::try_from(info.memory()).unwrap_or(u32::MAX);
        let share = Arc::clone(&self.free_bytes).try_acquire_many_owned(bytes);
        let share = share.map_err(|_| {
            let mib = MAX_REQUEST_BYTES / (1024 * 1024);
            let reason = format!("too many requests are waiting: they take {mib} MiB");
            Outcome::new(Status::Unreachable, reason)
        })?;
        Ok(info.with_share(share))
    }

    /// Delivers to the phone, or to the call manager: the only place that decides which. The request refers to
    /// `files` if it was made at another daemon; its other deliveries share `plans`.
    pub(super) async fn deliver(
        &self,
        phone: Option<&Phone>,
        request: &Request,
        files: &CarriedFiles,
        plans: &SharedPlans,
        commit_point: &CommitPoint,
    ) -> Outcome {
        let courier = &self.courier;
        match (&request.action, phone) {
            (Action::Mobility(mobility), phone) => {
                courier
                    .ask_call_manager(phone, mobility, request, commit_point)
                    .await
            }
            (_, Some(phone)) => {
                let outcome = courier
                    .deliver(phone, request, files, plans, commit_point)
                    .await;
                with_left_out(outcome, phone)
            }
            (_, None) => Outcome::new(Status::Invalid, "phone is missing"),
        }
    }

    /// Ends a delivery: in the history, in the metrics and with one line in the log.
    pub(super) fn finish(
        &self,
        record: OpenRecord,
        verb: &str,
        outcome: &Outcome,
        duration: Duration,
    ) {
        self.record(record, verb, outcome, duration);
        let Outcome {
            status,
            reason,
            phone,
            ..
        } = outcome;
        let reason = without_secrets(reason);
        if *status == Status::Ok {
            info!(%status, phone, verb, reason, "Delivered.");
        } else {
            warn!(%status, phone, verb, reason, "Not delivered.");
        }
    }

    /// Logs what is known of a delivery that another daemon has; the history has it there.
    pub(super) fn log_remote(id: &DeliveryId, daemon: &str, outcome: &Outcome) {
        let Outcome {
            status,
            reason,
            phone,
            ..
        } = outcome;
        let reason = without_secrets(reason);
        info!(%id, %status, phone, daemon, reason, "Stored for another daemon.");
    }

    /// Ends a request for which no delivery was started.
    pub(super) fn reject(&self, info: &RequestInfo, outcome: Outcome) -> Outcome {
        let record = self.history.begin(info, &outcome.phone, outcome.vendor);
        self.record(record, &info.verb, &outcome, Duration::ZERO);
        refusal::log(info, &outcome);
        outcome
    }

    /// Rejects a request that finds no room in the queue of its phone; `outcome` names that phone.
    pub(super) fn reject_unqueued(
        &self,
        info: &RequestInfo,
        outcome: Outcome,
        full: Full,
    ) -> Outcome {
        let outcome = Outcome {
            status: Status::Unreachable,
            reason: full.to_string(),
            ..outcome
        };
        self.reject(info, outcome)
    }

    /// Ends a delivery in the history and in the metrics.
    fn record(&self, record: OpenRecord, verb: &str, outcome: &Outcome, duration: Duration) {
        let number = self.history.end(record, outcome);
        let Outcome { status, vendor, .. } = outcome;
        self.metrics.delivered(*vendor, verb, *status, duration);
        if outcome.fetches.are_pending() {
            self.record_fetch(number, outcome.fetches.clone());
        }
    }

    /// Records when the phone has fetched what it fetches in its own time; of too many, not at all.
    fn record_fetch(&self, number: u64, fetches: Fetches) {
        let Ok(record) = Arc::clone(&self.free_fetch_records).try_acquire_owned() else {
            return;
        };
        let (history, stop) = (self.history.clone(), self.tasks.stop());
        self.tasks.spawn("fetch record", async move {
            let fetched = timeout(FETCH_MEMORY, fetches.wait());
            if let Some(Ok(Some(at))) = stop.run_until_cancelled(fetched).await {
                history.set_fetched(number, at);
            }
            drop(record);
        });
    }
}

/// Adds the contacts that were left out to the reason.
fn with_left_out(mut outcome: Outcome, phone: &Phone) -> Outcome {
    if !phone.left_out.is_empty() {
        let others = phone.left_out.join(", ");
        let note = format!("left out, since not a desk phone: {others}");
        outcome.reason = match outcome.reason.as_str() {
            "" => note,
            reason => format!("{reason}; {note}"),
        };
    }
    outcome
}

/// How much memory the keys and values of all requests may take that are not over, in bytes: those that
/// wait for a phone, in memory or in the outbox, and those being sent. Parsed they take as much again.
const MAX_REQUEST_BYTES: usize = 64 * 1024 * 1024;

/// How many deliveries wait for that at once: as many as the history keeps by default.
const MAX_FETCH_RECORDS: usize = 10_000;

/// How long after a delivery the history records that the phone has fetched something.
const FETCH_MEMORY: Duration = Duration::from_hours(1);
