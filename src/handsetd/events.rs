//! What events bring about: rules, and the user events that ask for something by themselves.
//!
//! One task holds the rules' memory and is told every fact; each run of a rule is a task of its own,
//! which delivers step by step. Events that come faster than they can be judged are dropped by
//! Asterisk's client, and counted there; the connection never waits for us.

mod rules_handle;
mod user_event;

pub use rules_handle::{RuleStatus, RulesHandle, RulesQueries};

use std::collections::HashMap;

use tokio::sync::{broadcast, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, info, info_span, warn};

use crate::dispatch::Dispatcher;
use crate::history::{RequestInfo, Requester, without_secrets};
use crate::outcome::{Answer, Status};
use crate::rules::{Decision, Engine, Fact, Run, RunId};
use handset_ami::{self as ami, Client};
use handset_net::tasks::Tasks;

/// Judges facts and does what they bring about.
#[derive(Debug)]
pub struct Events {
    /// The rules.
    pub engine: Engine,
    /// Who takes requests to phones.
    pub dispatcher: Dispatcher,
    /// Who wants to hear of every fact.
    pub heard: broadcast::Sender<Fact>,
    /// Where rules run.
    pub tasks: Tasks,
}

/// What the task is told.
#[derive(Debug)]
enum Input {
    Fact(Fact),
    Finished(RunId),
}

impl Events {
    /// Listens to the servers that come by `clients`, and to `others` for facts from elsewhere, until
    /// the tasks are asked to stop. The rules that come by `engines` take over from those before;
    /// `inquiries` are answered.
    pub async fn run(
        mut self,
        mut clients: mpsc::Receiver<Client>,
        mut others: mpsc::Receiver<Fact>,
        mut engines: mpsc::Receiver<Engine>,
        mut inquiries: RulesQueries,
    ) {
        let (tell, mut news) = mpsc::channel(MAX_NEWS);
        let stop = self.tasks.stop();
        let mut runs = HashMap::new();
        loop {
            let decisions = tokio::select! {
                () = stop.cancelled() => return,
                Some(client) = clients.recv() => {
                    self.listen(client, tell.clone());
                    continue;
                }
                Some(engine) = engines.recv() => {
                    let old = std::mem::replace(&mut self.engine, engine);
                    self.engine.adopt(old)
                }
                inquiry = inquiries.next() => {
                    inquiry.answer(&self.engine);
                    continue;
                }
                Some(fact) = others.recv() => self.judge(&fact),
                Some(news) = news.recv() => match news {
                    Input::Fact(fact) => {
                        self.ask(&fact);
                        self.judge(&fact)
                    }
                    Input::Finished(id) => {
                        runs.remove(&id);
                        self.engine.finished(id, Instant::now())
                    }
                },
            };
            for decision in decisions {
                match decision {
                    Decision::Cancel(id) => {
                        if let Some(cancel) = runs.remove(&id) {
                            CancellationToken::cancel(&cancel);
                        }
                    }
                    Decision::Start(run) => {
                        let cancel = CancellationToken::new();
                        runs.insert(run.id, cancel.clone());
                        self.start(run, cancel, tell.clone());
                    }
                }
            }
        }
    }

    /// Listens to a server until it is left.
    fn listen(&self, client: Client, tell: mpsc::Sender<Input>) {
        let stop = self.tasks.stop();
        self.tasks.spawn("events", async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = listen(&client, &tell) => {}
            }
        });
    }

    /// Tells of a fact, and decides what to do about it.
    fn judge(&mut self, fact: &Fact) -> Vec<Decision> {
        // Nobody may be listening.
        let _ = self.heard.send(fact.clone());
        self.engine.decide(fact, Instant::now())
    }

    /// Does at once what a user event asks for by itself.
    fn ask(&self, fact: &Fact) {
        let Some(asked) = user_event::read(fact) else {
            return;
        };
        let user_event::UserEventRequest {
            asker,
            verb,
            keys,
            request,
        } = asked;
        let asked = RequestInfo::new(asker, &verb, keys);
        let dispatcher = self.dispatcher.clone();
        let span = info_span!("user event", id = %asked.id);
        self.tasks.spawn(
            "user event",
            async move {
                let answer = match request {
                    Ok(request) => dispatcher.dispatch(request, &asked).await,
                    Err(reason) => dispatcher.refuse(&asked, reason),
                };
                tell("UserEvent Handset", &answer);
            }
            .instrument(span),
        );
    }

    /// Starts a run: its steps, one after the other, until it is given up.
    fn start(&self, run: Run, cancel: CancellationToken, done: mpsc::Sender<Input>) {
        let dispatcher = self.dispatcher.clone();
        let asker = Requester::Rule {
            rule: run.rule.to_string(),
            event: run.event.to_string(),
        };
        let span = info_span!("rule", name = %run.rule);
        self.tasks.spawn(
            "rule",
            async move {
                for step in run.steps.iter() {
                    // What is under way at a phone is finished; what has not begun is not begun.
                    if cancel.is_cancelled() {
                        info!("Given up: the rule fired again.");
                        return;
                    }
                    let verb = step.request.verb.name();
                    let asked = RequestInfo::new(asker.clone(), verb, step.pairs.clone());
                    let span = info_span!("delivery", id = %asked.id);
                    let dispatched = dispatcher.dispatch(step.request.clone(), &asked);
                    let answer = dispatched.instrument(span.clone()).await;
                    span.in_scope(|| tell(verb, &answer));
                }
                // Nobody listens any more when everything stops.
                let _ = done.send(Input::Finished(run.id)).await;
            }
            .instrument(span),
        );
    }
}

/// Tells of each event of a server, and of each gap in which nobody listened.
async fn listen(client: &Client, tell: &mpsc::Sender<Input>) {
    let (mut events, mut state) = (client.events(), client.state());
    loop {
        let fact = tokio::select! {
            event = events.next() => match event {
                Some(event) => Some(Fact::from(event)),
                None => return,
            },
            changed = state.changed() => match changed {
                Ok(()) => gap(client.name(), &state.borrow_and_update()),
                Err(_) => return,
            },
        };
        if let Some(fact) = fact
            && tell.send(Input::Fact(fact)).await.is_err()
        {
            return;
        }
    }
}

/// Returns the fact that nobody listened for a while, if that is so.
fn gap(server: &str, state: &ami::State) -> Option<Fact> {
    let ami::State::Connected(connected) = state else {
        return None;
    };
    let gap = connected.gap?;
    let seconds = format!("{:.3}", gap.as_secs_f64());
    let values = [("Server", server.to_owned()), ("Seconds", seconds)];
    Some(Fact::new(
        "handsetd.gap",
        values.map(|(name, value)| (name.to_owned(), value)),
    ))
}

fn tell(what: &str, answer: &Answer) {
    let Answer {
        status,
        reason,
        phone,
        ..
    } = answer;
    let reason = without_secrets(reason);
    match status {
        Status::Ok | Status::Queued => info!(what, phone, %status, reason, "Delivered."),
        _ => warn!(what, phone, %status, reason, "Not delivered."),
    }
}

/// How many facts may wait to be judged; judging one takes microseconds.
const MAX_NEWS: usize = 4096;
