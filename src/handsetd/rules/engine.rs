//! All rules together: facts in, decisions out.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::concurrency::{Run, RunId};
use super::config;
use super::error::Fault;
use super::fact::Fact;
use super::rule::Rule;
use super::trace::{Counters, Trace, Verdict};
use handset_phones::phone::States;

/// The rules, compiled, and what they remember.
///
/// Memory is bounded whatever comes: each rule remembers so many keys, runs and traces, each by a
/// constant of its own.
#[derive(Debug)]
pub struct Engine {
    rules: Vec<Rule>,
    /// The rules by the event that they wait for, in small letters.
    waiting: HashMap<String, Vec<usize>>,
    /// What phones are doing, as the facts so far tell.
    states: States,
    next: u64,
}

/// What is to be done now.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Give this run up: what it has not sent yet is not to be sent. It need not be told as
    /// finished.
    Cancel(RunId),
    /// Do this, in order, then tell [`Engine::finished`].
    Start(Run),
}

impl Engine {
    /// Compiles `rules`, or tells everything that is wrong with them.
    pub fn new(rules: &[config::Rule]) -> Result<Self, Vec<Fault>> {
        let mut compiled = Vec::new();
        let mut faults = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            match Rule::parse(rule) {
                Ok(rule) => compiled.push(rule),
                Err(found) => faults.extend(found.into_iter().map(|(place, error)| Fault {
                    index,
                    rule: rule.name.clone(),
                    place,
                    error,
                })),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut waiting: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, rule) in compiled.iter().enumerate() {
            let name = rule.on.to_ascii_lowercase();
            waiting.entry(name).or_default().push(index);
        }
        Ok(Self {
            rules: compiled,
            waiting,
            states: States::default(),
            next: 1,
        })
    }

    /// Decides what to do about a fact.
    pub fn decide(&mut self, fact: &Fact, now: Instant) -> Vec<Decision> {
        let fact = &fact.noted(&self.states);
        let mut found: Vec<usize> = fact
            .names()
            .filter_map(|name| self.waiting.get(&name.to_ascii_lowercase()))
            .flatten()
            .copied()
            .collect();
        found.sort_unstable();
        let mut decisions = Vec::new();
        for index in found {
            decisions.extend(
                self.judge(index, fact, now)
                    .iter()
                    .flat_map(|trace| acts(trace)),
            );
        }
        decisions
    }

    /// Decides like [`Engine::decide`], and says for each rule why, those included that wait for
    /// another event.
    pub fn explain(&mut self, fact: &Fact, now: Instant) -> (Vec<Decision>, Vec<Arc<Trace>>) {
        let fact = &fact.noted(&self.states);
        let mut traces = Vec::new();
        for index in 0..self.rules.len() {
            let waits = self
                .rules
                .get(index)
                .is_some_and(|rule| fact.names().any(|name| name.eq_ignore_ascii_case(&rule.on)));
            if waits {
                traces.extend(self.judge(index, fact, now));
            } else if let Some(rule) = self.rules.get(index) {
                traces.push(rule.decline(fact, now));
            }
        }
        let decisions = traces.iter().flat_map(|trace| acts(trace)).collect();
        (decisions, traces)
    }

    /// Says for each rule what [`decide`](Self::decide) would make of a fact now; nothing is
    /// remembered, so that nothing comes of it.
    pub fn rehearse(&self, fact: &Fact, now: Instant) -> Vec<Arc<Trace>> {
        let fact = &fact.standing(&self.states);
        let each = |rule: &Rule| {
            let mut names = fact.names();
            if names.any(|name| name.eq_ignore_ascii_case(&rule.on)) {
                rule.rehearse(fact, RunId(self.next), now)
            } else {
                rule.decline(fact, now)
            }
        };
        self.rules.iter().map(each).collect()
    }

    /// Takes note that a run is over, however it ended, and decides what starts now.
    ///
    /// A run that was given up, or whose rule is gone since, changes nothing.
    pub fn finished(&mut self, id: RunId, now: Instant) -> Vec<Decision> {
        for rule in &mut self.rules {
            if let Some((done, next)) = rule.memory.lanes.finish(id) {
                // What took long may still be heard of.
                rule.memory.effects.note(&done.steps, now);
                if let Some(next) = &next {
                    rule.memory.effects.note(&next.steps, now);
                }
                return next.map(Decision::Start).into_iter().collect();
            }
        }
        Vec::new()
    }

    /// Takes over what rules of the same name remember: limits, counters, traces, and runs that are
    /// under way or wait; and what phones are doing. Returns the runs under way whose rules are gone, to be given up.
    pub fn adopt(&mut self, old: Self) -> Vec<Decision> {
        self.next = self.next.max(old.next);
        self.states = old.states;
        let mut gone = Vec::new();
        for rule in old.rules {
            match self.rules.iter_mut().find(|own| own.name == rule.name) {
                Some(own) => own.memory = rule.memory,
                None => gone.extend(rule.memory.lanes.running().map(Decision::Cancel)),
            }
        }
        gone
    }

    /// Returns what phones are doing; the table goes on to follow them.
    pub fn states(&self) -> States {
        self.states.clone()
    }

    /// Returns the names of the rules, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| &*rule.name)
    }

    /// Returns the event that a rule waits for.
    pub fn waits_for(&self, rule: &str) -> Option<&str> {
        self.find(rule).map(|rule| rule.on.as_str())
    }

    /// Returns when a rule fired last.
    pub fn fired(&self, rule: &str) -> Option<Instant> {
        self.find(rule)?.memory.fired
    }

    /// Returns what became of the events that a rule waits for.
    pub fn counters(&self, rule: &str) -> Option<Counters> {
        self.find(rule).map(|rule| rule.memory.counters)
    }

    /// Returns the last traces of a rule, the oldest first; only of events that it waits for.
    pub fn traces(&self, rule: &str) -> impl Iterator<Item = &Arc<Trace>> {
        self.find(rule)
            .into_iter()
            .flat_map(|rule| &rule.memory.traces)
    }

    fn find(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| &*rule.name == name)
    }

    fn judge(&mut self, index: usize, fact: &Fact, now: Instant) -> Option<Arc<Trace>> {
        let id = RunId(self.next);
        let trace = self.rules.get_mut(index)?.judge(fact, id, now);
        if trace.run().is_some() {
            self.next = self.next.saturating_add(1);
        }
        Some(trace)
    }

    /// Returns how much is remembered, in entries.
    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        let entries = self.rules.iter().map(|rule| {
            let memory = &rule.memory;
            memory.limits.len() + memory.lanes.len() + memory.effects.len() + memory.traces.len()
        });
        entries.sum()
    }
}

fn acts(trace: &Trace) -> Vec<Decision> {
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
