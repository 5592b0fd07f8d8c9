//! Runs that must not overlap: what goes on under each key, and what waits.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use super::config::Mode;
use super::plan::Step;

/// Names a run. Later runs have greater ids, and no id is used twice, a reload included.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RunId(pub(super) u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Everything that a rule wants done because of one event, in order. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Run {
    /// Which run it is.
    pub id: RunId,
    /// The rule.
    pub rule: Arc<str>,
    /// The event that it fired on.
    pub event: Arc<str>,
    /// What is counted apart; `None` if the rule makes no difference.
    pub key: Option<String>,
    /// What to ask, one after the other.
    pub steps: Arc<[Step]>,
}

/// Why a run may not start.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rejection {
    /// As many as may wait for their turn do.
    QueueFull,
    /// The one before is still at it.
    Running,
    /// The rule has too many runs under way.
    TooMany,
}

/// What came of a run that wanted to start.
#[derive(Debug)]
pub(super) enum Admission {
    /// It waits behind so many.
    Queued(usize),
    /// It may not.
    PlanError(Rejection),
    /// It starts, and these are given up.
    Started(Vec<RunId>),
}

/// The runs of one rule.
#[derive(Debug, Default)]
pub(super) struct RunScheduler {
    running: BTreeMap<RunId, Run>,
    lanes: HashMap<Option<String>, RunGroup>,
}

/// What goes on under one key.
#[derive(Debug, Default)]
struct RunGroup {
    running: Vec<RunId>,
    waiting: VecDeque<Run>,
}

impl RunScheduler {
    /// Says what would become of `run` now, and changes nothing.
    pub(super) fn outlook(&self, run: &Run, mode: Mode) -> Admission {
        let lane = self.lanes.get(&run.key);
        let running = lane.map_or(&[][..], |lane| &lane.running);
        let waiting = lane.map_or(0, |lane| lane.waiting.len());
        let is_busy = !running.is_empty();
        match mode {
            Mode::Single if is_busy => Admission::PlanError(Rejection::Running),
            Mode::Queued if is_busy && waiting >= MAX_WAITING => {
                Admission::PlanError(Rejection::QueueFull)
            }
            Mode::Queued if is_busy => Admission::Queued(waiting.saturating_add(1)),
            Mode::Restart if is_busy => Admission::Started(running.to_vec()),
            _ if self.running.len() >= MAX_RUNNING => Admission::PlanError(Rejection::TooMany),
            _ => Admission::Started(Vec::new()),
        }
    }

    /// Lets `run` start, makes it wait, or refuses it.
    pub(super) fn admit(&mut self, run: &Run, mode: Mode) -> Admission {
        let admission = self.outlook(run, mode);
        match &admission {
            Admission::Queued(_) => {
                let lane = self.lanes.entry(run.key.clone()).or_default();
                lane.waiting.push_back(run.clone());
            }
            Admission::PlanError(_) => (),
            Admission::Started(given_up) => {
                let lane = self.lanes.entry(run.key.clone()).or_default();
                if !given_up.is_empty() {
                    lane.waiting.clear();
                    lane.running.clear();
                }
                lane.running.push(run.id);
                for id in given_up {
                    self.running.remove(id);
                }
                self.running.insert(run.id, run.clone());
            }
        }
        admission
    }

    /// Takes note that `id` is over; returns it, and the one that starts now instead. `None` if it
    /// was not under way here, for example because it was given up.
    pub(super) fn finish(&mut self, id: RunId) -> Option<(Run, Option<Run>)> {
        let done = self.running.remove(&id)?;
        let mut next = None;
        if let Some(lane) = self.lanes.get_mut(&done.key) {
            lane.running.retain(|running| *running != id);
            if lane.running.is_empty() {
                next = lane.waiting.pop_front();
            }
            match &next {
                Some(next) => {
                    lane.running.push(next.id);
                    self.running.insert(next.id, next.clone());
                }
                None if lane.running.is_empty() => drop(self.lanes.remove(&done.key)),
                None => (),
            }
        }
        Some((done, next))
    }

    /// Returns the ids of all runs under way.
    pub(super) fn running(&self) -> impl Iterator<Item = RunId> {
        self.running.keys().copied()
    }

    /// Returns how many runs and lanes are held.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let waiting = self.lanes.values().map(|lane| lane.waiting.len());
        self.running.len().max(self.lanes.len()) + waiting.sum::<usize>()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueueFull => write!(f, "{MAX_WAITING} runs wait already"),
            Self::Running => f.write_str("the run before is not over"),
            Self::TooMany => write!(f, "{MAX_RUNNING} runs of this rule are not over"),
        }
    }
}

/// How many runs of a rule may be under way at once, over all keys.
pub(super) const MAX_RUNNING: usize = 1000;

/// How many runs may wait under one key.
pub(super) const MAX_WAITING: usize = 16;
