//! Concurrency of runs: which runs of a rule are active under each key, and which are queued.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use handset_phones::phone::ServerName;

use super::causes::Causes;
use super::config::Mode;
use super::run_record::{Cancellation, RunRecord, RunState};
use super::script::Later;
use super::step::Step;

/// Identifies a run. Later runs have greater ids, and ids are never reused, not even after a reload.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RunId(pub(super) u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The steps of a rule for one event, in order. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Run {
    /// Unique across all rules.
    pub id: RunId,
    /// Name of the rule.
    pub rule: Arc<str>,
    /// Name of the event that it fired on.
    pub event: Arc<str>,
    /// The Asterisk server that the event came from; names without a server mean its phones.
    pub(crate) server: Option<ServerName>,
    /// The rules that led to that event.
    pub causes: Causes,
    /// Value of `limit.per`, which separates the runs of a rule; `None` if the rule has none.
    pub key: Option<String>,
    /// Steps to take one after the other.
    pub steps: Arc<[Step]>,
    /// Fills in the steps that depend on more than the event.
    pub(crate) later: Option<Arc<Later>>,
    /// Whether it starts later than the event, so that only [`later`](Self::later) knows the time.
    pub(crate) was_queued: bool,
    /// What it has done.
    pub(crate) record: RunRecord,
}

impl Run {
    /// Returns how much memory its values take, roughly, in bytes.
    fn memory(&self) -> usize {
        let steps: usize = self.steps.iter().map(Step::memory).sum();
        let later = self.later.as_ref().map_or(0, |later| later.memory());
        steps.saturating_add(later)
    }
}

/// Why a run was rejected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rejection {
    /// The queue of its key is full.
    QueueFull,
    /// The previous run with its key is still active.
    Running,
    /// The values of active and queued runs take too much memory.
    TooLarge,
    /// The rule has too many active runs.
    TooMany,
}

impl Rejection {
    /// Returns whether the rule gets more events than it can handle; otherwise its mode just says so.
    pub(super) fn is_overload(self) -> bool {
        self != Self::Running
    }
}

/// The scheduling decision for a new run.
#[derive(Debug)]
pub(super) enum Admission {
    /// Queued at this position, counted from 1.
    Queued(usize),
    /// Rejected, for this reason.
    Rejected(Rejection),
    /// Started; these runs are cancelled.
    Started(Vec<RunId>),
}

/// The runs of one rule.
#[derive(Debug, Default)]
pub(super) struct RunScheduler {
    running: BTreeMap<RunId, Run>,
    groups: HashMap<Option<String>, RunGroup>,
    /// How much memory the values of all runs take, in bytes.
    memory: usize,
}

/// The runs that share a key: a concurrency group.
#[derive(Debug, Default)]
struct RunGroup {
    running: Vec<RunId>,
    waiting: VecDeque<Run>,
}

impl RunScheduler {
    /// Returns what [`admit`](Self::admit) would decide about `run`, without changing anything.
    pub(super) fn preview(&self, run: &Run, mode: Mode) -> Admission {
        let group = self.groups.get(&run.key);
        let running = group.map_or(&[][..], |group| &group.running);
        let waiting = group.map_or(0, |group| group.waiting.len());
        let is_busy = !running.is_empty();
        match mode {
            Mode::Single if is_busy => Admission::Rejected(Rejection::Running),
            _ if self.memory.saturating_add(run.memory()) > MAX_MEMORY => {
                Admission::Rejected(Rejection::TooLarge)
            }
            Mode::Queued if is_busy && waiting >= MAX_WAITING => {
                Admission::Rejected(Rejection::QueueFull)
            }
            Mode::Queued if is_busy => Admission::Queued(waiting.saturating_add(1)),
            Mode::Restart if is_busy => Admission::Started(running.to_vec()),
            _ if self.running.len() >= MAX_RUNNING => Admission::Rejected(Rejection::TooMany),
            _ => Admission::Started(Vec::new()),
        }
    }

    /// Starts, queues or rejects `run`.
    pub(super) fn admit(&mut self, run: &Run, mode: Mode) -> Admission {
        let admission = self.preview(run, mode);
        match &admission {
            Admission::Queued(_) => {
                self.memory = self.memory.saturating_add(run.memory());
                let group = self.groups.entry(run.key.clone()).or_default();
                let was_queued = true;
                group.waiting.push_back(Run {
                    was_queued,
                    ..run.clone()
                });
            }
            Admission::Rejected(_) => (),
            Admission::Started(cancelled) => {
                let group = self.groups.entry(run.key.clone()).or_default();
                let mut gone = Vec::new();
                if !cancelled.is_empty() {
                    gone.extend(group.waiting.drain(..));
                    group.running.clear();
                }
                group.running.push(run.id);
                gone.extend(cancelled.iter().filter_map(|id| self.running.remove(id)));
                for run in &gone {
                    run.record.end(RunState::Cancelled(Cancellation::Restarted));
                    self.memory = self.memory.saturating_sub(run.memory());
                }
                self.memory = self.memory.saturating_add(run.memory());
                self.running.insert(run.id, run.clone());
            }
        }
        admission
    }

    /// Removes the active run `id`; returns it together with the queued run that starts now. `None` if
    /// it is not active, for example because it was cancelled.
    pub(super) fn finish(&mut self, id: RunId) -> Option<(Run, Option<Run>)> {
        let done = self.running.remove(&id)?;
        self.memory = self.memory.saturating_sub(done.memory());
        let mut next = None;
        if let Some(group) = self.groups.get_mut(&done.key) {
            group.running.retain(|running| *running != id);
            if group.running.is_empty() {
                next = group.waiting.pop_front();
            }
            match &next {
                Some(next) => {
                    group.running.push(next.id);
                    self.running.insert(next.id, next.clone());
                }
                None if group.running.is_empty() => drop(self.groups.remove(&done.key)),
                None => (),
            }
        }
        Some((done, next))
    }

    /// Records that all runs end because the rule is gone.
    pub(super) fn abandon(&self) {
        let waiting = self.groups.values().flat_map(|group| &group.waiting);
        for run in self.running.values().chain(waiting) {
            run.record.end(RunState::Cancelled(Cancellation::RuleGone));
        }
    }

    /// Returns the ids of all active runs.
    pub(super) fn running(&self) -> impl Iterator<Item = RunId> {
        self.running.keys().copied()
    }

    /// Returns the number of entries in memory.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let waiting = self.groups.values().map(|group| group.waiting.len());
        self.running.len().max(self.groups.len()) + waiting.sum::<usize>()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueueFull => write!(f, "{MAX_WAITING} runs are already queued"),
            Self::Running => f.write_str("the previous run is still active"),
            Self::TooLarge => write!(
                f,
                "the values of the runs that are still active or queued take more than {} MiB",
                MAX_MEMORY >> 20
            ),
            Self::TooMany => write!(f, "{MAX_RUNNING} runs of this rule are still active"),
        }
    }
}

/// Maximum of active runs of a rule, over all keys.
pub(super) const MAX_RUNNING: usize = 1000;

/// How much memory the values of the active and queued runs of a rule may take, in bytes: far more than a
/// thousand runs with short texts.
pub(super) const MAX_MEMORY: usize = 16 << 20;

/// Maximum of queued runs per key.
pub(super) const MAX_WAITING: usize = 16;
