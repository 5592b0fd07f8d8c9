//! A delivery as whoever asked sees it: what came of it so far, and its end.

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::outcome::{Outcome, Report, Status};

/// A delivery that may still go on.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// What came of it, so far.
    outcome: Outcome,
    task: Option<JoinHandle<Outcome>>,
    keeping: Persistence,
}

/// Whether a delivery outlasts a crash.
#[derive(Debug)]
enum Persistence {
    /// It will not, although it was asked for.
    Failed,
    /// It need not, or it surely will.
    Settled,
    /// That is being seen to; told when it is sure, and dropped when it can't be.
    Unsure(oneshot::Receiver<()>),
}

impl Delivery {
    /// Takes one that is over.
    pub(super) fn over(outcome: Outcome) -> Self {
        Self {
            outcome,
            task: None,
            keeping: Persistence::Settled,
        }
    }

    /// Takes one that goes on in a task.
    pub(super) fn in_progress(outcome: Outcome, task: JoinHandle<Outcome>) -> Self {
        Self {
            outcome,
            task: Some(task),
            keeping: Persistence::Settled,
        }
    }

    /// Takes one that goes on in a task, which first sees to it that it outlasts a crash: `sure` is
    /// told so, or dropped if that can't be.
    pub(super) fn stored(
        outcome: Outcome,
        task: JoinHandle<Outcome>,
        sure: oneshot::Receiver<()>,
    ) -> Self {
        Self {
            keeping: Persistence::Unsure(sure),
            ..Self::in_progress(outcome, task)
        }
    }

    /// Waits for the end. Cancel safe.
    pub(crate) async fn end(&mut self) {
        let Some(task) = &mut self.task else { return };
        self.outcome = match task.await {
            Ok(outcome) => outcome,
            Err(error) => Outcome {
                status: Status::Error,
                reason: format!("the delivery broke off: {error}; see the log"),
                ..self.outcome.clone()
            },
        };
        self.task = None;
    }

    /// Waits until it may be called `QUEUED`: at once for most, and for what is to be kept when it
    /// would outlast a crash. What can't be kept is waited for to its end. Cancel safe.
    pub(crate) async fn until_persisted(&mut self) {
        if let Persistence::Unsure(sure) = &mut self.keeping {
            self.keeping = match sure.await {
                Ok(()) => Persistence::Settled,
                Err(_) => Persistence::Failed,
            };
        }
        if matches!(self.keeping, Persistence::Failed) {
            self.end().await;
        }
    }

    /// Sums up deliveries of which some go on, for which `reason` is given.
    pub(crate) fn queued(deliveries: Vec<Self>, reason: &str) -> Report {
        let told = |mut delivery: Self| {
            let mut outcome = delivery.outcome;
            if delivery.task.is_none() {
                return outcome;
            }
            reason.clone_into(&mut outcome.reason);
            let is_kept = match &mut delivery.keeping {
                Persistence::Failed => false,
                Persistence::Settled => true,
                // It may have become sure while nobody looked.
                Persistence::Unsure(sure) => sure.try_recv().is_ok(),
            };
            if !is_kept {
                outcome.status = Status::Error;
                NOT_PERSISTED.clone_into(&mut outcome.reason);
            }
            outcome
        };
        Report::of(&deliveries.into_iter().map(told).collect::<Vec<_>>())
    }

    /// Returns what came of it, so far.
    pub(super) fn into_outcome(self) -> Outcome {
        self.outcome
    }

    /// Returns what came of each, so far.
    pub(crate) fn outcomes(deliveries: Vec<Self>) -> Vec<Outcome> {
        deliveries.into_iter().map(|one| one.outcome).collect()
    }
}

/// The reason of a delivery with `keep` that could not be persisted in time.
const NOT_PERSISTED: &str = "delivery continues, but is not stored: cannot write the state directory \
                             (state.dir), or it takes too long; see the log";

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use handset_net::tasks::Tasks;

    fn stored(tasks: &Tasks) -> (Delivery, oneshot::Sender<()>, oneshot::Sender<()>) {
        let (is_sure, sure) = oneshot::channel();
        let (end, ended) = oneshot::channel::<()>();
        let task = tasks.spawn("delivery", async {
            let _ = ended.await;
            Outcome::new(Status::Ok, "")
        });
        let queued = Outcome::new(Status::Queued, "");
        (Delivery::stored(queued, task, sure), is_sure, end)
    }

    #[tokio::test]
    async fn nothing_is_promised_before_it_is_sure() {
        let tasks = Tasks::new();
        let (mut delivery, _unsure, _end) = stored(&tasks);
        assert!(delivery.until_persisted().now_or_never().is_none());
        let answer = Delivery::queued(vec![delivery], "delivery continues");
        assert_eq!(
            (answer.status, answer.reason.as_str()),
            (Status::Error, NOT_PERSISTED)
        );
        // It became sure while nobody looked.
        let (delivery, is_sure, _end) = stored(&tasks);
        is_sure.send(()).unwrap();
        let answer = Delivery::queued(vec![delivery], "delivery continues");
        assert_eq!(answer.status, Status::Queued);
    }

    #[tokio::test]
    async fn what_is_sure_is_not_waited_for_and_what_can_not_be_kept_is() {
        let tasks = Tasks::new();
        let (mut delivery, is_sure, _end) = stored(&tasks);
        is_sure.send(()).unwrap();
        delivery.until_persisted().await;
        assert_eq!(delivery.into_outcome().status, Status::Queued);
        let (mut delivery, is_sure, _end) = stored(&tasks);
        drop(is_sure);
        assert!(delivery.until_persisted().now_or_never().is_none());
        let answer = Delivery::queued(vec![delivery], "delivery continues");
        assert_eq!(answer.status, Status::Error);
        let (mut delivery, is_sure, end) = stored(&tasks);
        drop(is_sure);
        assert!(delivery.until_persisted().now_or_never().is_none());
        assert!(
            delivery.until_persisted().now_or_never().is_none(),
            "it is not over"
        );
        end.send(()).unwrap();
        delivery.until_persisted().await;
        delivery.end().await;
        assert_eq!(delivery.into_outcome().status, Status::Ok);
    }
}
