//! Execution of a run: its steps, one after the other.

use std::sync::Arc;
use std::time::Duration;

use handset_ami::Client;
use handset_net::tasks::Tasks;
use jiff::Timestamp;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, info, info_span, warn};

use super::ami_step;
use super::input::Input;
use super::rules_handle::RuleActivity;
use super::webhook::WebhookClient;
use crate::dispatch::Dispatcher;
use crate::history::{RequestInfo, Requester, without_secrets};
use crate::outcome::Status;
use crate::rules::{
    Cancellation, Consequences, Error, Outline, Reached, Run, RunState, StepAction, StepFailure,
    StepResult, StepResults, VerbCall,
};

/// What steps of runs are taken with. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct RunServices {
    pub(super) dispatcher: Dispatcher,
    pub(super) webhooks: WebhookClient,
    /// The Asterisk servers.
    pub(super) servers: watch::Receiver<Vec<Client>>,
    pub(super) consequences: Consequences,
    /// Receives the ends of runs.
    pub(super) activity: broadcast::Sender<RuleActivity>,
}

/// A run that is to be executed.
#[derive(Debug)]
pub(super) struct Execution {
    pub(super) run: Run,
    pub(super) cancel: CancellationToken,
    pub(super) services: RunServices,
    /// Receives what the engine must know.
    pub(super) reports: mpsc::Sender<Input>,
}

/// What becomes of a run after a step.
enum Next {
    Cancelled(Cancellation),
    Failed,
    Step,
}

impl Execution {
    /// Spawns a task that takes the steps until the run is cancelled, and then reports its end.
    pub(super) fn spawn(self, tasks: &Tasks) {
        let span = info_span!("rule", name = %self.run.rule);
        let stop = tasks.stop();
        tasks.spawn(
            "rule",
            async move {
                let state = self.take_steps(&stop).await;
                self.run.record.end(state);
                // An error means that there are no subscribers.
                let activity = RuleActivity::Ended(Arc::new(self.run.clone()));
                let _ = self.services.activity.send(activity);
                match self.run.record.state() {
                    // As often as the event comes.
                    RunState::Cancelled(why @ Cancellation::Restarted) => {
                        debug!("Run cancelled: {why}.");
                    }
                    RunState::Cancelled(why) => info!("Run cancelled: {why}."),
                    _ => self.report(Input::Finished(self.run.id)).await,
                }
            }
            .instrument(span),
        );
    }

    async fn take_steps(&self, stop: &CancellationToken) -> RunState {
        let mut results = StepResults::default();
        for index in 0..self.run.steps.len() {
            match self.take_step(index, &mut results, stop).await {
                Next::Cancelled(why) => return RunState::Cancelled(why),
                Next::Failed => return RunState::Failed,
                Next::Step => {}
            }
        }
        RunState::Finished
    }

    async fn take_step(
        &self,
        index: usize,
        results: &mut StepResults,
        stop: &CancellationToken,
    ) -> Next {
        if let Some(why) = self.cancelled(stop) {
            return Next::Cancelled(why);
        }
        let Some(step) = self.run.steps.get(index) else {
            return Next::Step;
        };
        let began = Instant::now();
        let is_fresh = index == 0 && !self.run.was_queued;
        let reached = match &self.run.later {
            Some(later) => later.reach(index, results, is_fresh, Timestamp::now()),
            None => Ok(Reached::AsPlanned),
        };
        let mut filled = None;
        let is_unfilled = reached.is_err();
        let result = match reached {
            Err(error) => {
                self.report_unfilled(index, &error).await;
                StepResult::new(Status::Invalid, error.to_string())
            }
            Ok(Reached::Skipped) => StepResult::skipped(),
            Ok(Reached::AsPlanned) => match self.act(&step.action, stop).await {
                Ok(result) => result,
                Err(why) => return Next::Cancelled(why),
            },
            Ok(Reached::Filled(action)) => {
                filled = (action != step.action).then(|| Outline::from(&action));
                match self.act(&action, stop).await {
                    Ok(result) => result,
                    Err(why) => return Next::Cancelled(why),
                }
            }
        };
        let result = StepResult {
            reason: without_secrets(&result.reason),
            ..result
        };
        // A request has a line of its own, from the dispatcher, and the failure of a rule.
        if step.request().is_none() && !is_unfilled {
            log_step(index, &result);
        }
        self.run.record.add(&result, began.elapsed(), filled);
        let is_success = result.status.is_success();
        if let Some(id) = &step.id {
            results.insert(id, result);
        }
        if is_success || step.continues {
            Next::Step
        } else {
            Next::Failed
        }
    }

    /// Reports that the rule failed at a step.
    async fn report_unfilled(&self, index: usize, error: &Error) {
        let number = index.saturating_add(1);
        let run = &self.run;
        let failure = StepFailure {
            rule: run.rule.clone(),
            event: run.event.clone(),
            causes: run.causes.clone(),
            reason: format!("step {number}: {error}"),
        };
        self.report(Input::StepFailed(failure)).await;
    }

    async fn report(&self, input: Input) {
        // An error means shutdown.
        let _ = self.reports.send(input).await;
    }

    /// Takes a step, which is completed once it has started, unless it is a pause or a web hook whose turn
    /// has not come.
    async fn act(
        &self,
        action: &StepAction,
        stop: &CancellationToken,
    ) -> Result<StepResult, Cancellation> {
        let causes = self.run.causes.with(&self.run.rule);
        let consequences = &self.services.consequences;
        let home = self.run.server.as_ref();
        consequences.expect(action, home, &causes, Instant::now());
        let result = match action {
            StepAction::Ami(call) => ami_step::send(&self.services.servers, call).await,
            // It is filled in when it is reached.
            StepAction::Later(_) => StepResult::new(Status::Error, "the step is not filled in"),
            StepAction::Skipped(_) => StepResult::skipped(),
            StepAction::Verb(call) => self.request(call).await,
            StepAction::Wait(duration) => {
                self.wait(*duration, stop).await?;
                StepResult::new(Status::Ok, "")
            }
            StepAction::Webhook(call) => {
                let sent = self.services.webhooks.send(call, self.over(stop)).await;
                sent.ok_or_else(|| self.why_cancelled(stop))?
            }
        };
        consequences.expect(action, home, &causes, Instant::now());
        Ok(result)
    }

    async fn wait(&self, duration: Duration, stop: &CancellationToken) -> Result<(), Cancellation> {
        tokio::select! {
            biased;
            () = self.over(stop) => Err(self.why_cancelled(stop)),
            () = tokio::time::sleep(duration) => Ok(()),
        }
    }

    /// Waits until the run is cancelled.
    async fn over(&self, stop: &CancellationToken) {
        tokio::select! {
            () = self.cancel.cancelled() => {}
            () = stop.cancelled() => {}
        }
    }

    /// Returns why the run was cancelled, which it was.
    fn why_cancelled(&self, stop: &CancellationToken) -> Cancellation {
        self.cancelled(stop).unwrap_or(Cancellation::Stopping)
    }

    /// Returns why the run ends before its next step.
    fn cancelled(&self, stop: &CancellationToken) -> Option<Cancellation> {
        if self.cancel.is_cancelled() {
            // Who cancels a run records why first.
            return match self.run.record.state() {
                RunState::Cancelled(why) => Some(why),
                _ => Some(Cancellation::Restarted),
            };
        }
        stop.is_cancelled().then_some(Cancellation::Stopping)
    }

    async fn request(&self, call: &VerbCall) -> StepResult {
        let verb = call.request.verb.name();
        let info = RequestInfo::new(self.requester(), verb, call.pairs.clone())
            .of_server(self.run.server.clone());
        let dispatcher = &self.services.dispatcher;
        let report = dispatcher.dispatch(call.request.clone(), &info).await;
        StepResult {
            result: report.result,
            ..StepResult::new(report.status, report.reason)
        }
    }

    fn requester(&self) -> Requester {
        let run = &self.run;
        Requester::Rule {
            rule: run.rule.to_string(),
            event: run.event.to_string(),
            after: run.causes.names().iter().map(ToString::to_string).collect(),
        }
    }
}

fn log_step(index: usize, result: &StepResult) {
    let number = index.saturating_add(1);
    let StepResult { status, reason, .. } = result;
    if status.is_success() {
        debug!(step = number, %status, reason, "Step taken.");
    } else {
        warn!(step = number, %status, reason, "Step failed.");
    }
}
