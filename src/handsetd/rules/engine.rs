//! The rules engine: facts in, decisions out.

use std::collections::VecDeque;
use std::sync::Arc;

use handset_phones::phone::States;
use tokio::time::Instant;

use super::concurrency::{Run, RunId};
use super::config;
use super::consequences::Consequences;
use super::context::{Moment, PhoneTable, Phones};
use super::description::Description;
use super::error::{RuleError, RulePart};
use super::event_index::EventIndex;
use super::fact::Fact;
use super::failure::{Failed, Failure, FailureKind, Failures};
use super::names::Names;
use super::rule::{Occasion, Rule};
use super::run_record::{RunState, StepFailure};
use super::timetable::Schedules;
use super::trace::{Counters, Trace, Verdict};

/// The compiled rules and their memory.
///
/// Memory is bounded: each rule remembers a limited number of keys, runs, actions and traces.
#[derive(Debug)]
pub struct Engine {
    rules: Vec<Rule>,
    by_event: EventIndex,
    /// Phones, with their state according to the facts so far.
    phones: PhoneTable,
    next_id: u64,
    failures: Failures,
    /// What the steps of runs are about to cause.
    consequences: Consequences,
    /// Traces for [`Engine::take_traces`], at most [`MAX_UNTAKEN`].
    untaken: VecDeque<Arc<Trace>>,
}

/// An instruction to the caller.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Cancel this run: its remaining steps must not be started, and a pause ends. Its record says why. It
    /// need not be reported to [`Engine::finished`].
    Cancel(RunId),
    /// Execute the steps of this run in order, then report it to [`Engine::finished`].
    Start(Run),
}

impl Engine {
    /// Compiles `rules`.
    ///
    /// # Errors
    ///
    /// All errors of all rules.
    pub fn new(rules: &[config::Rule]) -> Result<Self, Vec<RuleError>> {
        let mut compiled = Vec::new();
        let mut errors = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            match Rule::parse(rule) {
                Ok(rule) => compiled.push(rule),
                Err(found) => errors.extend(found.into_iter().map(|(part, error)| RuleError {
                    index,
                    rule: rule.name.clone(),
                    part,
                    error,
                })),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let phones = PhoneTable::default();
        Ok(Self {
            consequences: Consequences::new(Arc::clone(&phones.phones)),
            by_event: EventIndex::new(compiled.iter().map(|rule| &rule.triggers)),
            rules: compiled,
            phones,
            next_id: 1,
            failures: Failures::default(),
            untaken: VecDeque::new(),
        })
    }

    /// Sets where `phone` and `phones["…"]` are looked up. An engine that [adopts](Self::adopt) this one
    /// keeps it.
    #[must_use]
    pub fn with_phones(mut self, phones: Arc<dyn Phones>) -> Self {
        self.consequences = Consequences::new(Arc::clone(&phones));
        self.phones.phones = phones;
        self
    }

    /// Evaluates the rules that handle `fact`.
    pub fn decide(&mut self, fact: &Fact, now: impl Into<Moment>) -> Vec<Decision> {
        let now = now.into();
        self.phones.record(fact);
        let mut decisions = Vec::new();
        let handlers = self.handlers(fact);
        if handlers.is_empty() {
            return decisions;
        }
        let fact = &*self.consequences.attribute(fact, now.instant);
        for index in handlers {
            let trace = self.evaluate(index, fact, now);
            decisions.extend(trace.iter().flat_map(|trace| trace_decisions(trace)));
        }
        decisions
    }

    /// Records what a fact says of phones, without evaluating a rule.
    pub(crate) fn observe(&self, fact: &Fact) {
        self.phones.record(fact);
    }

    /// Decides like [`Engine::decide`] and returns a trace of each rule, including rules that handle
    /// other events.
    pub fn explain(
        &mut self,
        fact: &Fact,
        now: impl Into<Moment>,
    ) -> (Vec<Decision>, Vec<Arc<Trace>>) {
        let now = now.into();
        self.phones.record(fact);
        let fact = &*self.consequences.attribute(fact, now.instant);
        let mut traces = Vec::new();
        for index in 0..self.rules.len() {
            let handles = self
                .rules
                .get(index)
                .is_some_and(|rule| rule.triggers.handle(fact, &rule.name));
            if handles {
                traces.extend(self.evaluate(index, fact, now));
            } else if let Some(rule) = self.rules.get(index) {
                traces.push(rule.decline(fact, now.instant));
            }
        }
        let decisions = traces
            .iter()
            .flat_map(|trace| trace_decisions(trace))
            .collect();
        (decisions, traces)
    }

    /// Returns for each rule the trace that [`decide`](Self::decide) would produce now, without
    /// changing anything.
    pub fn dry_run(&self, fact: &Fact, now: impl Into<Moment>) -> Vec<Arc<Trace>> {
        let now = now.into();
        let fact = &*self.consequences.attribute(fact, now.instant);
        let phones = &self.phones.detached();
        phones.record(fact);
        let each = |rule: &Rule| {
            if rule.triggers.handle(fact, &rule.name) {
                let occasion = Occasion { fact, now, phones };
                rule.dry_run(&occasion, RunId(self.next_id))
            } else {
                rule.decline(fact, now.instant)
            }
        };
        self.rules.iter().map(each).collect()
    }

    /// Reports that a run has ended, successfully or not; returns the decision to start the next one of
    /// its group.
    ///
    /// A cancelled run, or one whose rule no longer exists, is ignored.
    pub fn finished(&mut self, id: RunId, now: Instant) -> Vec<Decision> {
        for rule in &mut self.rules {
            if let Some((done, next)) = rule.memory.groups.finish(id) {
                if done.record.state() == RunState::Failed {
                    let counter = &mut rule.memory.counters.runs_failed;
                    *counter = counter.saturating_add(1);
                }
                // Events of a long run may still arrive.
                let (recent, phones) = (&mut rule.memory.recent_actions, &*self.phones.phones);
                for run in std::iter::once(&done).chain(&next) {
                    recent.record(&run.steps, run.server.as_ref(), phones, now);
                }
                return next.map(Decision::Start).into_iter().collect();
            }
        }
        Vec::new()
    }

    /// Takes over the state of phones and, for rules of the same name, their memory: limits, counters,
    /// traces, active and queued runs. Returns cancellations of the active runs whose rules are gone.
    pub fn adopt(&mut self, old: Self) -> Vec<Decision> {
        self.next_id = self.next_id.max(old.next_id);
        self.phones = old.phones;
        self.consequences = old.consequences;
        let mut gone = Vec::new();
        for rule in old.rules {
            if let Some(own) = self.rules.iter_mut().find(|own| own.name == rule.name) {
                own.memory = rule.memory;
            } else {
                rule.memory.groups.abandon();
                gone.extend(rule.memory.groups.running().map(Decision::Cancel));
            }
        }
        gone
    }

    /// Reports that a step of a run could not be filled in when it was reached.
    pub(crate) fn step_failed(&mut self, failure: StepFailure, now: Instant) {
        let mut rules = self.rules.iter_mut();
        // Its rule may have gone by a reload.
        let Some(rule) = rules.find(|rule| rule.name == failure.rule) else {
            return;
        };
        let counter = &mut rule.memory.counters.failed;
        *counter = counter.saturating_add(1);
        let failed = Failed {
            kind: FailureKind::Failed,
            rule: &rule.name,
            on: &failure.event,
            causes: &failure.causes,
        };
        let memory = &mut rule.memory.failures;
        self.failures.add(failed, memory, failure.reason, now);
    }

    /// Returns the next failure that is to be logged.
    pub(crate) fn take_failure(&mut self) -> Option<Failure> {
        self.failures.take()
    }

    /// Returns the traces of [`decide`](Self::decide) since the last call, oldest first; of more than
    /// [`MAX_UNTAKEN`], the last ones.
    pub(crate) fn take_traces(&mut self) -> VecDeque<Arc<Trace>> {
        std::mem::take(&mut self.untaken)
    }

    /// Returns where the steps of runs leave what they are about to cause.
    pub(crate) fn consequences(&self) -> Consequences {
        self.consequences.clone()
    }

    /// Returns the state of phones. The returned table shares later updates.
    pub fn states(&self) -> States {
        self.phones.states.clone()
    }

    /// Returns the names of the rules in order of the configuration.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| &*rule.name)
    }

    /// Returns the names of the events that a rule handles, as configured.
    pub fn event_names(&self, rule: &str) -> impl Iterator<Item = &str> {
        let rule = self.find(rule).into_iter();
        rule.flat_map(|rule| rule.triggers.event_names())
    }

    /// Returns the schedule of a rule, as configured.
    pub fn schedule(&self, rule: &str) -> Option<&str> {
        Some(self.find(rule)?.triggers.schedule()?.text())
    }

    /// Returns what a rule does, in words.
    pub(crate) fn description(&self, rule: &str) -> Option<Description> {
        Some(self.find(rule)?.description())
    }

    /// Returns when a rule last fired.
    pub fn last_fired(&self, rule: &str) -> Option<Instant> {
        self.find(rule)?.memory.last_fired
    }

    /// Returns the counters of a rule.
    pub fn counters(&self, rule: &str) -> Option<Counters> {
        self.find(rule).map(|rule| rule.memory.counters)
    }

    /// Returns the last traces of a rule, oldest first. They cover only events that it handles.
    pub fn traces(&self, rule: &str) -> impl Iterator<Item = &Arc<Trace>> {
        self.find(rule)
            .into_iter()
            .flat_map(|rule| &rule.memory.traces)
    }

    /// Returns the names that the rules mention, each with the part of the rule that mentions them.
    pub(crate) fn mentioned_names(&self) -> impl Iterator<Item = (RulePart, &Names)> {
        self.rules.iter().flat_map(Rule::names)
    }

    /// Returns the schedules of the rules that have one.
    pub(crate) fn schedules(&self) -> Schedules {
        let rules = self.rules.iter();
        let schedules = rules.filter_map(|rule| {
            let schedule = rule.triggers.schedule()?;
            Some((Arc::clone(&rule.name), schedule.clone()))
        });
        Schedules(schedules.collect())
    }

    /// Returns whether any rule handles events of that name.
    pub(crate) fn handles(&self, event: &str) -> bool {
        !self.by_event.find(std::iter::once(event)).is_empty()
    }

    /// Returns the indices of the rules that handle `fact`, in order.
    fn handlers(&self, fact: &Fact) -> Vec<usize> {
        match fact.scheduled_rule() {
            Some(_) => {
                let rules = self.rules.iter().enumerate();
                let handles = |rule: &Rule| rule.triggers.handle(fact, &rule.name);
                let due = rules.filter(|(_, rule)| handles(rule));
                due.map(|(index, _)| index).collect()
            }
            None => self.by_event.find(fact.names()),
        }
    }

    fn find(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| &*rule.name == name)
    }

    fn evaluate(&mut self, index: usize, fact: &Fact, now: Moment) -> Option<Arc<Trace>> {
        let id = RunId(self.next_id);
        let phones = &self.phones;
        let occasion = Occasion { fact, now, phones };
        let rule = self.rules.get_mut(index)?;
        let trace = rule.evaluate(&occasion, id);
        if trace.run().is_some() {
            self.next_id = self.next_id.saturating_add(1);
        }
        let failure = match &trace.verdict {
            Verdict::Failed(error) => Some((
                FailureKind::Failed,
                &mut rule.memory.failures,
                error.to_string(),
            )),
            Verdict::Rejected { reason, .. } if reason.is_overload() => Some((
                FailureKind::Overloaded,
                &mut rule.memory.overloads,
                reason.to_string(),
            )),
            _ => None,
        };
        if let Some((kind, memory, reason)) = failure {
            let failed = Failed {
                kind,
                rule: &rule.name,
                on: fact.name(),
                causes: fact.causes(),
            };
            self.failures.add(failed, memory, reason, now.instant);
        }
        if self.untaken.len() >= MAX_UNTAKEN {
            self.untaken.pop_front();
        }
        self.untaken.push_back(Arc::clone(&trace));
        Some(trace)
    }

    /// Returns the number of entries in memory.
    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        let entries = self.rules.iter().map(|rule| {
            let memory = &rule.memory;
            memory.limits.len()
                + memory.groups.len()
                + memory.recent_actions.len()
                + memory.traces.len()
        });
        entries.sum()
    }
}

fn trace_decisions(trace: &Trace) -> Vec<Decision> {
    match &trace.verdict {
        Verdict::Fired { run, cancelled } => cancelled
            .iter()
            .copied()
            .map(Decision::Cancel)
            .chain([Decision::Start(run.clone())])
            .collect(),
        _ => Vec::new(),
    }
}

/// Maximum of traces that wait for [`Engine::take_traces`]: more than the rules that one event fires.
const MAX_UNTAKEN: usize = 1024;
