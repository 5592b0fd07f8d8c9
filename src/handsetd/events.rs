//! Handling of events: rules, and user events that carry a request themselves.
//!
//! One task owns the rules engine and receives every fact. Each run of a rule is a task of its own, which
//! executes the steps in order. Events that arrive faster than they are evaluated wait in the AMI
//! client, and when its memory is full, the oldest are lost; its connection never waits for this module.
//! Of several daemons that listen to a server, one acts on its events (`fleet::Leadership`).

mod ami_step;
mod deliveries;
mod input;
mod listener;
mod log;
mod rules_handle;
mod run;
mod server_events;
mod tap;
mod user_event;
mod webhook;

pub(crate) use deliveries::EndedDeliveries;
pub(crate) use rules_handle::{RuleActivity, RuleStatus, RulesHandle, RulesQueries};
pub(crate) use server_events::ServerEvents;
pub(crate) use tap::{FactTap, TappedFacts, fact_tap};

use std::collections::HashMap;
use std::sync::Arc;

use handset_ami::Client;
use handset_net::tasks::Tasks;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::dispatch::Dispatcher;
use crate::fleet::Leadership;
use crate::history::RequestInfo;
use crate::rules::{Decision, Engine, Fact, Moment, RunId};
use input::Input;
use listener::listen;
use log::log_failure;
use run::{Execution, RunServices};
use webhook::WebhookClient;

/// Evaluates facts and executes the resulting requests.
#[derive(Debug)]
pub(crate) struct Events {
    pub(crate) engine: Engine,
    pub(crate) dispatcher: Dispatcher,
    /// Receives a copy of every fact.
    pub(crate) event_tap: FactTap,
    /// Receives a copy of every fact that this daemon acts on, for programs outside.
    pub(crate) bus_tap: Option<FactTap>,
    /// Which of several daemons acts on the events of a server.
    pub(crate) leadership: Option<Arc<dyn Leadership>>,
    pub(crate) deliveries: EndedDeliveries,
    /// The Asterisk servers, to which steps send actions.
    pub(crate) servers: watch::Receiver<Vec<Client>>,
    pub(crate) tasks: Tasks,
}

impl Events {
    /// Handles the events of all `servers` and the facts from other sources until shutdown. Each of
    /// `engines` takes over from the previous one; `queries` are answered.
    pub(crate) async fn run(
        mut self,
        mut servers: mpsc::Receiver<ServerEvents>,
        mut facts: mpsc::Receiver<Fact>,
        mut engines: mpsc::Receiver<Engine>,
        mut queries: RulesQueries,
    ) {
        let (sender, mut inputs) = mpsc::channel(MAX_INPUTS);
        let stop = self.tasks.stop();
        let services = RunServices {
            dispatcher: self.dispatcher.clone(),
            webhooks: WebhookClient::new(),
            servers: self.servers.clone(),
            consequences: self.engine.consequences(),
            activity: queries.activity(),
        };
        let mut runs: HashMap<RunId, CancellationToken> = HashMap::new();
        loop {
            let decisions = tokio::select! {
                () = stop.cancelled() => return,
                Some(server) = servers.recv() => {
                    self.listen(server, sender.clone());
                    continue;
                }
                Some(engine) = engines.recv() => {
                    let old = std::mem::replace(&mut self.engine, engine);
                    self.deliveries.follow(&self.engine);
                    self.engine.adopt(old)
                }
                query = queries.next() => {
                    query.answer(&self.engine);
                    continue;
                }
                Some(fact) = facts.recv() => {
                    self.process(&[fact.clone()].into(), true);
                    self.decide(&fact, Moment::now())
                }
                // The event stream has the history itself.
                fact = self.deliveries.next() => self.decide(&fact, Moment::now()),
                Some(input) = inputs.recv() => match input {
                    Input::Facts { facts, acts: true } => self.evaluate(&facts, &queries),
                    Input::Facts { facts, acts: false } => {
                        self.observe(&facts);
                        continue;
                    }
                    Input::Finished(id) => {
                        runs.remove(&id);
                        self.engine.finished(id, Instant::now())
                    }
                    Input::StepFailed(failure) => {
                        self.engine.step_failed(failure, Instant::now());
                        self.tell_failures()
                    }
                },
            };
            queries.publish(&mut self.engine);
            for decision in decisions {
                match decision {
                    Decision::Cancel(id) => {
                        if let Some(cancel) = runs.remove(&id) {
                            cancel.cancel();
                        }
                    }
                    Decision::Start(run) => {
                        let cancel = CancellationToken::new();
                        runs.insert(run.id, cancel.clone());
                        let services = services.clone();
                        let run = Execution {
                            run,
                            cancel,
                            services,
                            reports: sender.clone(),
                        };
                        run.spawn(&self.tasks);
                    }
                }
            }
        }
    }

    /// Forwards the events of a server until its client is dropped.
    fn listen(&self, server: ServerEvents, sender: mpsc::Sender<Input>) {
        let stop = self.tasks.stop();
        let leadership = self.leadership.as_ref();
        let role = leadership.map(|leadership| leadership.contend(server.client()));
        self.tasks.spawn("events", async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = listen(server, role, &sender) => {}
            }
        });
    }

    /// Publishes events of a server, executes the requests among them, and evaluates the rules.
    fn evaluate(&mut self, facts: &Arc<[Fact]>, queries: &RulesQueries) -> Vec<Decision> {
        self.process(facts, true);
        let now = Moment::now();
        let mut decisions = Vec::new();
        for fact in &**facts {
            self.handle_user_event(fact);
            decisions.extend(self.decide(fact, now));
            queries.publish(&mut self.engine);
        }
        decisions
    }

    /// Publishes events of a server that another daemon acts on, and records what they say of phones.
    fn observe(&self, facts: &Arc<[Fact]>) {
        self.process(facts, false);
        for fact in &**facts {
            self.engine.observe(fact);
        }
    }

    /// Publishes facts here, and those that this daemon acts on outside.
    fn process(&self, facts: &Arc<[Fact]>, acts: bool) {
        if let Some(bus) = self.bus_tap.as_ref().filter(|_| acts) {
            bus.send(Arc::clone(facts));
        }
        self.event_tap.send(Arc::clone(facts));
    }

    /// Evaluates the rules for a fact, and for the failures of rules that this raises.
    fn decide(&mut self, fact: &Fact, now: Moment) -> Vec<Decision> {
        let mut decisions = self.engine.decide(fact, now);
        decisions.extend(self.tell_failures());
        decisions
    }

    /// Logs the failures of rules, raises their events, and evaluates the rules for these.
    fn tell_failures(&mut self) -> Vec<Decision> {
        let mut decisions = Vec::new();
        // They end: each rule has one a minute.
        while let Some(failure) = self.engine.take_failure() {
            log_failure(&failure);
            if let Some(event) = failure.event {
                self.process(&[event.clone()].into(), true);
                decisions.extend(self.engine.decide(&event, Moment::now()));
            }
        }
        decisions
    }

    /// Executes the request of a user event.
    fn handle_user_event(&self, fact: &Fact) {
        let Some(user_event) = user_event::read(fact) else {
            return;
        };
        let user_event::UserEventRequest {
            requester,
            verb,
            keys,
            request,
        } = user_event;
        let info = RequestInfo::new(requester, &verb, keys).of_server(fact.server().cloned());
        let dispatcher = self.dispatcher.clone();
        self.tasks.spawn("user event", async move {
            // Either logs what comes of it.
            match request {
                Ok(request) => dispatcher.dispatch(request, &info).await,
                Err(reason) => dispatcher.refuse(&info, reason),
            };
        });
    }
}

/// Maximum of inputs that wait. Most are up to 256 events, of which each takes a microsecond.
const MAX_INPUTS: usize = 16;
