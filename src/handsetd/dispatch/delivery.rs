//! The handle by which a requester follows a delivery.

use futures_util::FutureExt;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::task::coop::unconstrained;

use crate::outcome::{Outcome, Report, Status};

/// A delivery that may still be in progress.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// The outcome so far.
    outcome: Outcome,
    end: Option<End>,
    persistence: Persistence,
}

/// Where the outcome of a delivery comes from.
#[derive(Debug)]
enum End {
    Task(JoinHandle<Outcome>),
    /// The sender is dropped if the worker panics.
    Worker(oneshot::Receiver<Outcome>),
}

/// Whether a delivery survives a crash.
#[derive(Debug)]
enum Persistence {
    /// It should, and does not.
    Failed,
    /// It does, or need not.
    Settled,
    /// It is being stored. Receives a message once that is durable; the sender is dropped if storing
    /// fails.
    Pending(oneshot::Receiver<()>),
}

impl Delivery {
    /// Wraps the outcome of a delivery that has ended.
    pub(super) fn over(outcome: Outcome) -> Self {
        Self {
            outcome,
            end: None,
            persistence: Persistence::Settled,
        }
    }

    /// Wraps the task of a delivery; `outcome` is the one so far.
    pub(super) fn in_progress(outcome: Outcome, task: JoinHandle<Outcome>) -> Self {
        Self {
            end: Some(End::Task(task)),
            ..Self::over(outcome)
        }
    }

    /// Wraps a delivery that a worker carries out, which sends the outcome; `outcome` is the one so far.
    pub(super) fn by_worker(outcome: Outcome, ended: oneshot::Receiver<Outcome>) -> Self {
        Self {
            end: Some(End::Worker(ended)),
            ..Self::over(outcome)
        }
    }

    /// Wraps the task of a delivery that is stored first. `persisted` receives a message once that is
    /// durable; its sender is dropped if storing fails.
    pub(super) fn stored(
        outcome: Outcome,
        task: JoinHandle<Outcome>,
        persisted: oneshot::Receiver<()>,
    ) -> Self {
        Self {
            persistence: Persistence::Pending(persisted),
            ..Self::in_progress(outcome, task)
        }
    }

    /// Waits for the end. Cancel safe.
    pub(crate) async fn end(&mut self) {
        let ended = match &mut self.end {
            None => return,
            Some(End::Task(task)) => task.await.map_err(|error| error.to_string()),
            Some(End::Worker(ended)) => ended.await.map_err(|_| "it panicked".to_owned()),
        };
        self.outcome = match ended {
            Ok(outcome) => outcome,
            Err(error) => Outcome {
                status: Status::Error,
                reason: format!("the delivery ended unexpectedly: {error}; see the log"),
                ..self.outcome.clone()
            },
        };
        self.end = None;
    }

    /// Waits until the delivery may be reported as `QUEUED`: with `keep`, until it is stored; without,
    /// not at all. One that cannot be stored is waited for until it ends. Cancel safe.
    pub(crate) async fn until_persisted(&mut self) {
        if let Persistence::Pending(persisted) = &mut self.persistence {
            self.persistence = match persisted.await {
                Ok(()) => Persistence::Settled,
                Err(_) => Persistence::Failed,
            };
        }
        if matches!(self.persistence, Persistence::Failed) {
            self.end().await;
        }
    }

    /// Waits for the end of all. Cancel safe.
    ///
    /// One is waited for after the other: all of them run anyway, and a request to a group is woken less often.
    pub(crate) async fn all_ended(deliveries: &mut [Self]) {
        for delivery in deliveries {
            delivery.end().await;
        }
    }

    /// Waits until all of them may be reported as `QUEUED`, as [`until_persisted`](Self::until_persisted)
    /// does. Cancel safe.
    pub(crate) async fn all_persisted(deliveries: &mut [Self]) {
        for delivery in deliveries {
            delivery.until_persisted().await;
        }
    }

    /// Takes over the outcome of one that has ended, if nothing has waited for it yet.
    fn update(&mut self) {
        unconstrained(self.end()).now_or_never();
    }

    /// Summarizes deliveries that did not all end in time: those that did have their outcome, and `reason` is
    /// the reason of the others.
    pub(crate) fn late(mut deliveries: Vec<Self>, reason: &str) -> Report {
        deliveries.iter_mut().for_each(Self::update);
        Self::queued(deliveries, reason)
    }

    /// Summarizes deliveries that are not waited for, whatever has become of them since; `reason` is their reason.
    pub(crate) fn queued(deliveries: Vec<Self>, reason: &str) -> Report {
        let outcome = |mut delivery: Self| {
            let mut outcome = delivery.outcome;
            if delivery.end.is_none() {
                return outcome;
            }
            reason.clone_into(&mut outcome.reason);
            let is_persisted = match &mut delivery.persistence {
                Persistence::Failed => false,
                Persistence::Settled => true,
                // It may have been stored since `until_persisted` was last polled.
                Persistence::Pending(persisted) => persisted.try_recv().is_ok(),
            };
            if !is_persisted {
                outcome.status = Status::Error;
                NOT_PERSISTED.clone_into(&mut outcome.reason);
            }
            outcome
        };
        Report::of(&deliveries.into_iter().map(outcome).collect::<Vec<_>>())
    }

    /// Returns the outcome so far.
    pub(crate) fn into_outcome(self) -> Outcome {
        self.outcome
    }

    /// Returns the outcome of each so far.
    pub(crate) fn outcomes(deliveries: Vec<Self>) -> Vec<Outcome> {
        deliveries
            .into_iter()
            .map(|delivery| delivery.outcome)
            .collect()
    }
}

/// Reason of a delivery with `keep` that could not be persisted in time.
const NOT_PERSISTED: &str = "delivery continues, but is not stored: cannot write the state directory \
                             (state.dir), or it takes too long; see the log";

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use handset_net::tasks::Tasks;

    fn stored(tasks: &Tasks) -> (Delivery, oneshot::Sender<()>, oneshot::Sender<()>) {
        let (persisted, is_persisted) = oneshot::channel();
        let (end, ended) = oneshot::channel::<()>();
        let task = tasks.spawn("delivery", async {
            let _ = ended.await;
            Outcome::new(Status::Ok, "")
        });
        let queued = Outcome::new(Status::Queued, "");
        (Delivery::stored(queued, task, is_persisted), persisted, end)
    }

    #[tokio::test]
    async fn delivery_is_not_reported_as_queued_before_it_is_stored() {
        let tasks = Tasks::new();
        let (mut delivery, _persisted, _end) = stored(&tasks);
        assert!(delivery.until_persisted().now_or_never().is_none());
        let report = Delivery::queued(vec![delivery], "delivery continues");
        assert_eq!(
            (report.status, report.reason.as_str()),
            (Status::Error, NOT_PERSISTED)
        );
        // Stored without being polled.
        let (delivery, persisted, _end) = stored(&tasks);
        persisted.send(()).unwrap();
        let report = Delivery::queued(vec![delivery], "delivery continues");
        assert_eq!(report.status, Status::Queued);
    }

    #[tokio::test]
    async fn report_has_the_outcome_of_what_ended_behind_one_that_is_in_progress() {
        let tasks = Tasks::new();
        let (slow, _persisted, _end) = stored(&tasks);
        let (quick, persisted, end) = stored(&tasks);
        persisted.send(()).unwrap();
        end.send(()).unwrap();
        let mut deliveries = vec![slow, quick];
        let ended = Delivery::all_ended(&mut deliveries);
        assert!(
            tokio::time::timeout(Duration::from_millis(50), ended)
                .await
                .is_err()
        );
        let outcome = |delivery: Delivery| Delivery::late(vec![delivery], "").status;
        let statuses: Vec<_> = deliveries.into_iter().map(outcome).collect();
        assert_eq!(statuses, [Status::Error, Status::Ok]);
    }

    #[tokio::test]
    async fn delivery_that_is_not_waited_for_is_reported_as_queued_though_it_has_ended() {
        let tasks = Tasks::new();
        let (mut delivery, persisted, end) = stored(&tasks);
        persisted.send(()).unwrap();
        end.send(()).unwrap();
        delivery.until_persisted().await;
        assert!(tasks.shut_down(Duration::from_secs(1)).await);
        let report = Delivery::queued(vec![delivery], "");
        assert_eq!(report.status, Status::Queued);
    }

    #[tokio::test]
    async fn only_deliveries_that_cannot_be_stored_are_waited_for() {
        let tasks = Tasks::new();
        let (mut delivery, persisted, _end) = stored(&tasks);
        persisted.send(()).unwrap();
        delivery.until_persisted().await;
        assert_eq!(delivery.into_outcome().status, Status::Queued);
        let (mut delivery, persisted, _end) = stored(&tasks);
        drop(persisted);
        assert!(delivery.until_persisted().now_or_never().is_none());
        let report = Delivery::queued(vec![delivery], "delivery continues");
        assert_eq!(report.status, Status::Error);
        let (mut delivery, persisted, end) = stored(&tasks);
        drop(persisted);
        assert!(delivery.until_persisted().now_or_never().is_none());
        assert!(
            delivery.until_persisted().now_or_never().is_none(),
            "it has not ended"
        );
        end.send(()).unwrap();
        delivery.until_persisted().await;
        delivery.end().await;
        assert_eq!(delivery.into_outcome().status, Status::Ok);
    }
}
