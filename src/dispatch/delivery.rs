//! A delivery as whoever asked sees it: what came of it so far, and its end.

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::outcome::{Answer, Outcome, Status};

/// A delivery that may still go on.
#[derive(Debug)]
pub struct Delivery {
    /// What came of it, so far.
    outcome: Outcome,
    task: Option<JoinHandle<Outcome>>,
    /// Told when it is sure that it is held; `None` for what is not held, or surely is.
    sure: Option<oneshot::Receiver<()>>,
}

impl Delivery {
    /// Takes one that is over.
    pub(super) fn over(outcome: Outcome) -> Self {
        Self {
            outcome,
            task: None,
            sure: None,
        }
    }

    /// Takes one that goes on in a task.
    pub(super) fn going_on(outcome: Outcome, task: JoinHandle<Outcome>) -> Self {
        Self {
            outcome,
            task: Some(task),
            sure: None,
        }
    }

    /// Takes one that goes on in a task, which first sees to it that it outlasts a crash: `sure` is
    /// told so, or dropped if that can't be.
    pub(super) fn kept(
        outcome: Outcome,
        task: JoinHandle<Outcome>,
        sure: oneshot::Receiver<()>,
    ) -> Self {
        Self {
            sure: Some(sure),
            ..Self::going_on(outcome, task)
        }
    }

    /// Waits for the end. Cancel safe.
    pub async fn end(&mut self) {
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
    pub async fn settle(&mut self) {
        if let Some(sure) = &mut self.sure {
            let is_sure = sure.await.is_ok();
            self.sure = None;
            if is_sure {
                return;
            }
            self.end().await;
        }
    }

    /// Sums up deliveries of which some go on, for which `reason` is given.
    pub fn queued(deliveries: Vec<Self>, reason: &str) -> Answer {
        let told = |mut delivery: Self| {
            let mut outcome = delivery.outcome;
            if delivery.task.is_none() {
                return outcome;
            }
            reason.clone_into(&mut outcome.reason);
            // It may have become sure while nobody looked.
            let unsure = delivery.sure.as_mut();
            if unsure.is_some_and(|sure| sure.try_recv().is_err()) {
                outcome.status = Status::Error;
                UNSURE.clone_into(&mut outcome.reason);
            }
            outcome
        };
        Answer::of(&deliveries.into_iter().map(told).collect::<Vec<_>>())
    }

    /// Returns what came of it, so far.
    pub(super) fn into_outcome(self) -> Outcome {
        self.outcome
    }

    /// Returns what came of each, so far.
    pub fn outcomes(deliveries: Vec<Self>) -> Vec<Outcome> {
        deliveries.into_iter().map(|one| one.outcome).collect()
    }
}

/// What is said of a delivery that is to be kept while the disk takes its time.
const UNSURE: &str = "delivery goes on, but the state folder (state.dir) does not answer, so it may \
                      not be kept";
