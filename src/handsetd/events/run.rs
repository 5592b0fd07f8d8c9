//! Execution of a run: its steps, one after the other.

use handset_net::tasks::Tasks;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, info, info_span};

use super::{Input, log};
use crate::dispatch::Dispatcher;
use crate::history::{RequestInfo, Requester};
use crate::rules::{Run, StepAction, VerbCall};

/// A run, and what its steps need.
#[derive(Debug)]
pub(super) struct Execution {
    pub(super) run: Run,
    pub(super) cancel: CancellationToken,
    pub(super) dispatcher: Dispatcher,
}

impl Execution {
    /// Spawns a task that takes the steps until the run is cancelled, and then reports its end.
    pub(super) fn spawn(self, tasks: &Tasks, done: mpsc::Sender<Input>) {
        let span = info_span!("rule", name = %self.run.rule);
        let stop = tasks.stop();
        tasks.spawn(
            "rule",
            async move {
                if self.take_steps(&stop).await {
                    // An error means shutdown.
                    let _ = done.send(Input::Finished(self.run.id)).await;
                }
            }
            .instrument(span),
        );
    }

    /// Takes the steps; returns whether the run was not cancelled meanwhile.
    async fn take_steps(&self, stop: &CancellationToken) -> bool {
        for step in self.run.steps.iter() {
            // A step that has started is completed, unless it is a pause.
            let cancelled = || {
                if self.cancel.is_cancelled() {
                    Some("the rule fired again")
                } else if stop.is_cancelled() {
                    Some("handsetd stops")
                } else {
                    None
                }
            };
            if let StepAction::Wait(duration) = &step.action {
                tokio::select! {
                    () = tokio::time::sleep(*duration) => {}
                    () = self.cancel.cancelled() => {}
                    () = stop.cancelled() => {}
                }
            }
            if let Some(why) = cancelled() {
                info!("Run cancelled: {why}.");
                return false;
            }
            if let StepAction::Verb(call) = &step.action {
                self.request(call).await;
            }
        }
        true
    }

    async fn request(&self, call: &VerbCall) {
        let verb = call.request.verb.name();
        let info = RequestInfo::new(self.requester(), verb, call.pairs.clone());
        let span = info_span!("delivery", id = %info.id);
        let dispatched = self.dispatcher.dispatch(call.request.clone(), &info);
        let report = dispatched.instrument(span.clone()).await;
        span.in_scope(|| log(verb, &report));
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
