//! One rule: compiled, and what it remembers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::concurrency::{Admission, Run, RunId, RunScheduler};
use super::condition::Condition;
use super::config::{self, Mode};
use super::error::{Error, Place};
use super::expiring::ExpiringSet;
use super::fact::Fact;
use super::loop_guard::RecentActions;
use super::plan::{Plan, Step};
use super::template::Template;
use super::trace::{Counters, Seen, Trace, Verdict};

/// A rule of the configuration, compiled.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: Arc<str>,
    pub(super) on: String,
    condition: Option<Condition>,
    every: Option<Duration>,
    per: Option<Template>,
    plans: Vec<Plan>,
    mode: Mode,
    pub(super) memory: Memory,
}

/// What a rule remembers; a rule of the same name gets it after a reload.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) counters: Counters,
    pub(super) effects: RecentActions,
    /// When it fired last.
    pub(super) fired: Option<Instant>,
    pub(super) lanes: RunScheduler,
    pub(super) limits: ExpiringSet<Option<String>>,
    pub(super) traces: VecDeque<Arc<Trace>>,
}

impl Memory {
    fn new() -> Self {
        Self {
            counters: Counters::default(),
            effects: RecentActions::new(),
            fired: None,
            lanes: RunScheduler::default(),
            limits: ExpiringSet::new(MAX_LIMITS),
            traces: VecDeque::new(),
        }
    }

    /// Counts a trace and keeps it for a while.
    pub(super) fn keep(&mut self, trace: Trace) -> Arc<Trace> {
        let trace = Arc::new(trace);
        self.counters.count(&trace.verdict);
        if self.traces.len() >= MAX_TRACES {
            self.traces.pop_front();
        }
        self.traces.push_back(Arc::clone(&trace));
        trace
    }
}

impl Rule {
    /// Compiles a rule, or tells everything that is wrong with it.
    pub(super) fn parse(rule: &config::Rule) -> Result<Self, Vec<(Place, Error)>> {
        let mut faults = Vec::new();
        let on = rule.on.as_str();
        if on.is_empty() || on.trim() != on || on.contains(|c: char| c.is_control() || c == '*') {
            let name = on.to_owned();
            faults.push((Place::On, Error::NoEvent { name }));
        }
        let condition = rule.when.as_deref().map(Condition::parse).transpose();
        let condition = condition.map_err(|error| faults.push((Place::When, error)));
        let per = rule.limit.as_ref().and_then(|limit| limit.per.as_deref());
        let per = per.map(Template::parse).transpose();
        let per = per.map_err(|error| faults.push((Place::Per, error)));
        let mut plans = Vec::new();
        for (index, values) in rule.actions.iter().enumerate() {
            match Plan::parse(values) {
                Ok(plan) => plans.push(plan),
                Err(found) => faults.extend(
                    found
                        .into_iter()
                        .map(|(key, error)| (Place::Do(index, key), error)),
                ),
            }
        }
        let (Ok(condition), Ok(per), true) = (condition, per, faults.is_empty()) else {
            return Err(faults);
        };
        Ok(Self {
            name: Arc::from(rule.name.as_str()),
            on: rule.on.clone(),
            condition,
            every: rule.limit.as_ref().map(|limit| limit.every),
            per,
            plans,
            mode: rule.mode,
            memory: Memory::new(),
        })
    }

    /// Judges a fact that the rule waits for; `id` is for the run, should there be one.
    pub(super) fn judge(&mut self, fact: &Fact, id: RunId, now: Instant) -> Arc<Trace> {
        let seen = self.seen(fact);
        let verdict = self.verdict(fact, id, now).unwrap_or_else(Verdict::Failed);
        let trace = self.trace(fact, seen, verdict, now);
        self.memory.keep(trace)
    }

    /// Says that the fact is not what the rule waits for.
    pub(super) fn decline(&self, fact: &Fact, now: Instant) -> Arc<Trace> {
        let wanted = self.on.clone();
        Arc::new(self.trace(fact, Vec::new(), Verdict::OtherEvent { wanted }, now))
    }

    fn trace(&self, fact: &Fact, seen: Vec<Seen>, verdict: Verdict, at: Instant) -> Trace {
        Trace {
            rule: Arc::clone(&self.name),
            event: fact.name().to_owned(),
            at,
            seen,
            verdict,
        }
    }

    fn seen(&self, fact: &Fact) -> Vec<Seen> {
        let condition = self.condition.as_ref();
        condition.map_or_else(Vec::new, |condition| condition.seen(fact))
    }

    fn verdict(&mut self, fact: &Fact, id: RunId, now: Instant) -> Result<Verdict, Error> {
        let run = match self.intend(fact, id, now)? {
            Ok(run) => run,
            Err(verdict) => return Ok(verdict),
        };
        let verdict = match self.memory.lanes.admit(&run, self.mode) {
            Admission::Queued(place) => Verdict::Queued { run, place },
            Admission::PlanError(why) => return Ok(Verdict::Rejection { key: run.key, why }),
            Admission::Started(cancelled) => {
                self.memory.effects.note(&run.steps, now);
                Verdict::Fired { run, cancelled }
            }
        };
        if let Verdict::Fired { run, .. } | Verdict::Queued { run, .. } = &verdict {
            self.memory.fired = Some(now);
            if let Some(every) = self.every {
                self.memory.limits.close(run.key.clone(), every, now);
            }
        }
        Ok(verdict)
    }

    /// Says what [`judge`](Self::judge) would say, and remembers nothing of it.
    pub(super) fn rehearse(&self, fact: &Fact, id: RunId, now: Instant) -> Arc<Trace> {
        let outlook = |run: Run| match self.memory.lanes.outlook(&run, self.mode) {
            Admission::Queued(place) => Verdict::Queued { run, place },
            Admission::PlanError(why) => Verdict::Rejection { key: run.key, why },
            Admission::Started(cancelled) => Verdict::Fired { run, cancelled },
        };
        let verdict = match self.intend(fact, id, now) {
            Ok(intended) => intended.map_or_else(|verdict| verdict, outlook),
            Err(error) => Verdict::Failed(error),
        };
        Arc::new(self.trace(fact, self.seen(fact), verdict, now))
    }

    /// Makes the run that the fact calls for, or says what stands against it.
    fn intend(&self, fact: &Fact, id: RunId, now: Instant) -> Result<Result<Run, Verdict>, Error> {
        if let Some(condition) = &self.condition
            && !condition.is_met(fact)?
        {
            let condition = condition.text().to_owned();
            return Ok(Err(Verdict::Unmet { condition }));
        }
        let key = self.per.as_ref().map(|per| per.fill(fact)).transpose()?;
        if let Some(left) = self.memory.limits.left(&key, now) {
            return Ok(Err(Verdict::Limited { key, left }));
        }
        let steps = self.plans.iter().map(|plan| plan.fill(fact));
        let steps: Vec<Step> = steps.collect::<Result<_, _>>()?;
        if let Some(((verb, phone), left)) = self.memory.effects.find(fact, &steps, now) {
            return Ok(Err(Verdict::Echo { verb, phone, left }));
        }
        Ok(Ok(Run {
            id,
            rule: Arc::clone(&self.name),
            event: Arc::from(fact.name()),
            key,
            steps: steps.into(),
        }))
    }
}

/// How many keys of a limit are remembered; the oldest are forgotten first.
pub(super) const MAX_LIMITS: usize = 10_000;

/// How many traces are kept of each rule.
pub(super) const MAX_TRACES: usize = 32;
