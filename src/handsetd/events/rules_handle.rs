//! Queries to the rules engine, which is owned by one task: its status, dry runs, and what the rules do
//! as it happens.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::Instant;

use crate::rules::{Counters, Description, Engine, Fact, Moment, Run, Trace};

/// Sends queries to the rules engine. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct RulesHandle {
    queries: mpsc::Sender<Query>,
    activity: broadcast::Sender<RuleActivity>,
    /// What is probably wrong with rules, by their names.
    warnings: Arc<Mutex<HashMap<String, Vec<String>>>>,
}

/// What a rule does.
#[derive(Clone, Debug)]
pub(crate) enum RuleActivity {
    /// It has handled an event.
    Decided(Arc<Trace>),
    /// One of its runs has ended.
    Ended(Arc<Run>),
}

/// Receives the queries and publishes the activity, in the task that owns the engine.
#[derive(Debug)]
pub(crate) struct RulesQueries {
    queries: mpsc::Receiver<Query>,
    activity: broadcast::Sender<RuleActivity>,
}

/// The status of a rule.
#[derive(Clone, Debug)]
pub(crate) struct RuleStatus {
    pub(crate) name: String,
    /// Names of the events that the rule handles, as configured.
    pub(crate) on: Vec<String>,
    /// Its schedule, as configured.
    pub(crate) schedule: Option<String>,
    pub(crate) counters: Counters,
    pub(crate) last_fired: Option<Instant>,
    /// Evaluations of the last events, oldest first.
    pub(crate) traces: Vec<Arc<Trace>>,
    /// What it does, in words.
    pub(crate) description: Option<Description>,
    /// What is probably wrong with it, with file and line.
    pub(crate) warnings: Vec<String>,
}

#[derive(Debug)]
pub(super) enum Query {
    DryRun(Fact, oneshot::Sender<Vec<Arc<Trace>>>),
    Statuses(oneshot::Sender<Vec<RuleStatus>>),
}

impl RulesHandle {
    /// Creates a handle and the receiver of its queries.
    pub(crate) fn new() -> (Self, RulesQueries) {
        let (queries, receiver) = mpsc::channel(MAX_QUERIES);
        let (activity, _) = broadcast::channel(MAX_BEHIND);
        let receiver = RulesQueries {
            queries: receiver,
            activity: activity.clone(),
        };
        let warnings = Arc::default();
        let handle = Self {
            queries,
            activity,
            warnings,
        };
        (handle, receiver)
    }

    /// Returns the status of all rules, in order of the configuration; empty during shutdown.
    pub(crate) async fn statuses(&self) -> Vec<RuleStatus> {
        let mut statuses = self.query(Query::Statuses).await;
        let warnings = self.warnings.lock();
        for status in &mut statuses {
            status.warnings = warnings.get(&status.name).cloned().unwrap_or_default();
        }
        statuses
    }

    /// Replaces what is probably wrong with rules, by their names.
    pub(crate) fn set_warnings(&self, warnings: HashMap<String, Vec<String>>) {
        *self.warnings.lock() = warnings;
    }

    /// Returns the trace that each rule would produce for `fact` now, without any effect; empty during
    /// shutdown.
    pub(crate) async fn dry_run(&self, fact: Fact) -> Vec<Arc<Trace>> {
        self.query(|reply| Query::DryRun(fact, reply)).await
    }

    /// Subscribes to what the rules do, from now on. A subscriber that falls [`MAX_BEHIND`] of them behind loses
    /// the oldest.
    pub(crate) fn activity(&self) -> broadcast::Receiver<RuleActivity> {
        self.activity.subscribe()
    }

    async fn query<T: Default>(&self, query: impl FnOnce(oneshot::Sender<T>) -> Query) -> T {
        let (reply, answer) = oneshot::channel();
        // If the engine is gone, `reply` is dropped, and the answer is empty.
        let _ = self.queries.send(query(reply)).await;
        answer.await.unwrap_or_default()
    }
}

impl RulesQueries {
    /// Waits for the next query, forever once all handles are dropped. Cancel safe.
    pub(super) async fn next(&mut self) -> Query {
        match self.queries.recv().await {
            Some(query) => query,
            None => std::future::pending().await,
        }
    }

    /// Returns where the ends of runs are published.
    pub(super) fn activity(&self) -> broadcast::Sender<RuleActivity> {
        self.activity.clone()
    }

    /// Sends the latest traces to the subscribers.
    pub(super) fn publish(&self, engine: &mut Engine) {
        for trace in engine.take_traces() {
            if self.activity.send(RuleActivity::Decided(trace)).is_err() {
                // There are no subscribers.
                return;
            }
        }
    }
}

impl Query {
    /// Sends the answer, unless the sender of the query is gone.
    pub(super) fn answer(self, engine: &Engine) {
        match self {
            Self::DryRun(fact, reply) => {
                let _ = reply.send(engine.dry_run(&fact, Moment::now()));
            }
            Self::Statuses(reply) => {
                let status = |name: &str| RuleStatus {
                    name: name.to_owned(),
                    on: engine.event_names(name).map(ToOwned::to_owned).collect(),
                    schedule: engine.schedule(name).map(ToOwned::to_owned),
                    counters: engine.counters(name).unwrap_or_default(),
                    last_fired: engine.last_fired(name),
                    description: engine.description(name),
                    traces: engine.traces(name).cloned().collect(),
                    // The handle knows them.
                    warnings: Vec::new(),
                };
                let _ = reply.send(engine.names().map(status).collect());
            }
        }
    }
}

/// How many activities a subscriber may lag behind.
const MAX_BEHIND: usize = 256;

/// Maximum of pending queries; each takes microseconds.
const MAX_QUERIES: usize = 16;
