//! Questions to the rules, which one task holds: how they publisher, and what they would do.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::rules::{Counters, Engine, Fact, Trace};

/// Asks the rules about themselves. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RulesHandle(mpsc::Sender<Inquiry>);

/// The questions, for the task that holds the rules.
#[derive(Debug)]
pub struct RulesQueries(mpsc::Receiver<Inquiry>);

/// How a rule stands.
#[derive(Clone, Debug)]
pub struct RuleStatus {
    /// Its name.
    pub name: String,
    /// The event that it waits for.
    pub on: String,
    /// What became of those events.
    pub counters: Counters,
    /// When it fired last.
    pub fired: Option<Instant>,
    /// What it made of the last events, the oldest first.
    pub traces: Vec<Arc<Trace>>,
}

#[derive(Debug)]
pub(super) enum Inquiry {
    Rehearse(Fact, oneshot::Sender<Vec<Arc<Trace>>>),
    Standings(oneshot::Sender<Vec<RuleStatus>>),
}

impl RulesHandle {
    /// Creates a rules and the end where its questions arrive.
    pub fn new() -> (Self, RulesQueries) {
        let (ask, asked) = mpsc::channel(MAX_INQUIRIES);
        (Self(ask), RulesQueries(asked))
    }

    /// Returns how the rules publisher, in the order of the configuration; nothing once everything
    /// stops.
    pub async fn standings(&self) -> Vec<RuleStatus> {
        let (tell, told) = oneshot::channel();
        // Who is gone can't answer, and the answer is then empty.
        let _ = self.0.send(Inquiry::Standings(tell)).await;
        told.await.unwrap_or_default()
    }

    /// Returns what each rule would make of `fact` now; nothing is sent and nothing remembered.
    pub async fn rehearse(&self, fact: Fact) -> Vec<Arc<Trace>> {
        let (tell, told) = oneshot::channel();
        // As above.
        let _ = self.0.send(Inquiry::Rehearse(fact, tell)).await;
        told.await.unwrap_or_default()
    }
}

impl RulesQueries {
    /// Waits for the next question; for ever if nobody can ask any more. Cancel safe.
    pub(super) async fn next(&mut self) -> Inquiry {
        match self.0.recv().await {
            Some(inquiry) => inquiry,
            None => std::future::pending().await,
        }
    }
}

impl Inquiry {
    /// Answers; who asked may have gone meanwhile.
    pub(super) fn answer(self, engine: &Engine) {
        match self {
            Self::Rehearse(fact, tell) => {
                let _ = tell.send(engine.rehearse(&fact, Instant::now()));
            }
            Self::Standings(tell) => {
                let standing = |name: &str| RuleStatus {
                    name: name.to_owned(),
                    on: engine.waits_for(name).unwrap_or_default().to_owned(),
                    counters: engine.counters(name).unwrap_or_default(),
                    fired: engine.fired(name),
                    traces: engine.traces(name).cloned().collect(),
                };
                let _ = tell.send(engine.names().map(standing).collect());
            }
        }
    }
}

/// How many questions may wait; each is answered in microseconds.
const MAX_INQUIRIES: usize = 16;
