//! A compiled rule and its memory.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use handset_net::expiring::ExpiringMap;
use jiff::tz::TimeZone;
use tokio::time::Instant;

use super::concurrency::{Admission, Run, RunId, RunScheduler};
use super::condition::Condition;
use super::config::{self, Mode};
use super::context::{Context, Moment, PhoneTable};
use super::description::{self, Description, Firing};
use super::error::{Error, RulePart};
use super::event_value::EventValue;
use super::fact::Fact;
use super::failure::FailureMemory;
use super::loop_guard::RecentActions;
use super::names::{Lasts, Names};
use super::run_record::RunRecord;
use super::script::Script;
use super::step::StepResults;
use super::template::Template;
use super::time_zone;
use super::trace::{Counters, Trace, Verdict};
use super::triggers::Triggers;

/// A compiled rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: Arc<str>,
    pub(super) triggers: Triggers,
    condition: Option<Condition>,
    every: Option<Duration>,
    per: Option<Template>,
    script: Script,
    mode: Mode,
    /// The zone of `now` and of the schedule.
    zone: TimeZone,
    pub(super) memory: Memory,
}

/// What a rule is evaluated for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Occasion<'a> {
    pub(super) fact: &'a Fact,
    pub(super) now: Moment,
    pub(super) phones: &'a PhoneTable,
}

/// Memory of a rule. After a reload, the rule of the same name takes it over.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) counters: Counters,
    pub(super) recent_actions: RecentActions,
    pub(super) last_fired: Option<Instant>,
    pub(super) groups: RunScheduler,
    pub(super) limits: ExpiringMap<Option<String>, ()>,
    pub(super) traces: VecDeque<Arc<Trace>>,
    pub(super) failures: FailureMemory,
    pub(super) overloads: FailureMemory,
}

impl Memory {
    fn new() -> Self {
        Self {
            counters: Counters::default(),
            recent_actions: RecentActions::new(),
            last_fired: None,
            groups: RunScheduler::default(),
            limits: ExpiringMap::new(MAX_LIMITS),
            traces: VecDeque::new(),
            failures: FailureMemory::default(),
            overloads: FailureMemory::default(),
        }
    }

    /// Counts a trace and keeps it among the last [`MAX_TRACES`].
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
    /// Compiles a rule.
    ///
    /// # Errors
    ///
    /// All errors of the rule.
    pub(super) fn parse(rule: &config::Rule) -> Result<Self, Vec<(RulePart, Error)>> {
        let mut errors = Vec::new();
        let zone = time_zone::find(rule.timezone.as_deref());
        let zone = zone.map_err(|error| errors.push((RulePart::Timezone, error)));
        // Where the zone is unknown, the rest is checked with another.
        let any_zone = zone.clone().unwrap_or(TimeZone::UTC);
        let triggers = Triggers::parse(rule, &any_zone);
        let triggers = triggers.map_err(|found| errors.extend(found));
        let condition = rule.when.as_deref().map(Condition::parse).transpose();
        let condition = condition.map_err(|error| errors.push((RulePart::When, error)));
        let per = rule.limit.as_ref().and_then(|limit| limit.per.as_deref());
        let per = per.map(Template::parse).transpose();
        let per = per.map_err(|error| errors.push((RulePart::Per, error)));
        let names = [
            (
                RulePart::When,
                condition
                    .as_ref()
                    .ok()
                    .and_then(Option::as_ref)
                    .map(Condition::names),
            ),
            (
                RulePart::Per,
                per.as_ref()
                    .ok()
                    .and_then(Option::as_ref)
                    .and_then(Template::names),
            ),
        ];
        for (part, names) in names {
            if names.is_some_and(|names| names.lasts() == Lasts::UntilStep) {
                errors.push((part, Error::NoSteps));
            }
        }
        let script = Script::parse(&rule.steps).map_err(|found| errors.extend(found));
        let (Ok(zone), Ok(triggers), Ok(condition), Ok(per), Ok(script), true) =
            (zone, triggers, condition, per, script, errors.is_empty())
        else {
            return Err(errors);
        };
        Ok(Self {
            name: Arc::from(rule.name.as_str()),
            triggers,
            condition,
            every: rule.limit.as_ref().map(|limit| limit.every),
            per,
            script,
            mode: rule.mode,
            zone,
            memory: Memory::new(),
        })
    }

    /// Returns the names that the rule mentions, each with the part that mentions them.
    pub(super) fn names(&self) -> impl Iterator<Item = (RulePart, &Names)> {
        let when = self.condition.iter().map(Condition::names);
        let per = self.per.iter().filter_map(Template::names);
        let when = when.map(|names| (RulePart::When, names));
        let per = per.map(|names| (RulePart::Per, names));
        when.chain(per).chain(self.script.names())
    }

    /// Returns what the rule does, in words.
    pub(super) fn description(&self) -> Description {
        let firing = Firing {
            triggers: self.triggers.to_string(),
            condition: self.condition.as_ref().map(Condition::text),
            every: self.every,
            per: self.per.as_ref().map(Template::source),
        };
        Description {
            fires: firing.sentences(),
            steps: self.script.outlines(),
            meanwhile: description::meanwhile(self.mode),
        }
    }

    /// Evaluates the rule for an event that it handles. If it fires, the run gets `id`.
    pub(super) fn evaluate(&mut self, occasion: &Occasion<'_>, id: RunId) -> Arc<Trace> {
        let now = occasion.now.clock.to_zoned(self.zone.clone());
        let context = &Context {
            fact: occasion.fact,
            now: &now,
            phones: occasion.phones,
            query: &[],
            steps: &StepResults::default(),
        };
        let instant = occasion.now.instant;
        let seen = self.seen(context);
        let verdict = self.verdict(context, id, instant);
        let verdict = verdict.unwrap_or_else(Verdict::Failed);
        let trace = self.trace(context.fact, seen, verdict, instant);
        self.memory.keep(trace)
    }

    /// Returns the trace for an event that the rule does not handle.
    pub(super) fn decline(&self, fact: &Fact, now: Instant) -> Arc<Trace> {
        let handled = self.triggers.to_string();
        Arc::new(self.trace(fact, Vec::new(), Verdict::OtherEvent { handled }, now))
    }

    fn trace(&self, fact: &Fact, seen: Vec<EventValue>, verdict: Verdict, at: Instant) -> Trace {
        Trace {
            rule: Arc::clone(&self.name),
            event: fact.name().to_owned(),
            server: fact.server().cloned(),
            at,
            seen,
            verdict,
        }
    }

    fn seen(&self, context: &Context<'_>) -> Vec<EventValue> {
        let condition = self.condition.as_ref();
        condition.map_or_else(Vec::new, |condition| condition.seen(context))
    }

    fn verdict(
        &mut self,
        context: &Context<'_>,
        id: RunId,
        now: Instant,
    ) -> Result<Verdict, Error> {
        let run = match self.plan_run(context, id, now)? {
            Ok(run) => run,
            Err(verdict) => return Ok(verdict),
        };
        let verdict = match self.memory.groups.admit(&run, self.mode) {
            Admission::Queued(position) => Verdict::Queued { run, position },
            Admission::Rejected(reason) => {
                return Ok(Verdict::Rejected {
                    key: run.key,
                    reason,
                });
            }
            Admission::Started(cancelled) => {
                let phones = &*context.phones.phones;
                let memory = &mut self.memory.recent_actions;
                memory.record(&run.steps, run.server.as_ref(), phones, now);
                let counter = &mut self.memory.counters.runs_cancelled;
                *counter = counter.saturating_add(cancelled.len() as u64);
                Verdict::Fired { run, cancelled }
            }
        };
        if let Verdict::Fired { run, .. } | Verdict::Queued { run, .. } = &verdict {
            self.memory.last_fired = Some(now);
            if let Some(every) = self.every {
                self.memory.limits.insert(run.key.clone(), (), every, now);
            }
        }
        Ok(verdict)
    }

    /// Returns the result of [`evaluate`](Self::evaluate) without changing the memory.
    pub(super) fn dry_run(&self, occasion: &Occasion<'_>, id: RunId) -> Arc<Trace> {
        let now = occasion.now.clock.to_zoned(self.zone.clone());
        let context = &Context {
            fact: occasion.fact,
            now: &now,
            phones: occasion.phones,
            query: &[],
            steps: &StepResults::default(),
        };
        let instant = occasion.now.instant;
        let preview = |run: Run| match self.memory.groups.preview(&run, self.mode) {
            Admission::Queued(position) => Verdict::Queued { run, position },
            Admission::Rejected(reason) => Verdict::Rejected {
                key: run.key,
                reason,
            },
            Admission::Started(cancelled) => Verdict::Fired { run, cancelled },
        };
        let verdict = match self.plan_run(context, id, instant) {
            Ok(planned) => planned.map_or_else(|verdict| verdict, preview),
            Err(error) => Verdict::Failed(error),
        };
        Arc::new(self.trace(context.fact, self.seen(context), verdict, instant))
    }

    /// Creates the run for an event, or returns the reason there is none.
    fn plan_run(
        &self,
        context: &Context<'_>,
        id: RunId,
        now: Instant,
    ) -> Result<Result<Run, Verdict>, Error> {
        let fact = context.fact;
        if let Some(condition) = &self.condition
            && !condition.is_met(context)?
        {
            let condition = condition.text().to_owned();
            return Ok(Err(Verdict::Unmet { condition }));
        }
        if fact.causes().forbid(&self.name) {
            let causes = fact.causes().clone();
            return Ok(Err(Verdict::OwnRun { causes }));
        }
        let key = self.per.as_ref().map(|per| per.fill(context)).transpose()?;
        let key = key.map(|key| context.of_its_server(key.into_text()));
        if let Some(remaining) = self.memory.limits.remaining(&key, now) {
            return Ok(Err(Verdict::Limited { key, remaining }));
        }
        let steps = self.script.plan(context)?;
        let phones = &*context.phones.phones;
        let recent = &self.memory.recent_actions;
        if let Some(((verb, phone), remaining)) = recent.find(fact, &steps, phones, now) {
            return Ok(Err(Verdict::OwnAction {
                verb,
                phone: phone.name,
                remaining,
            }));
        }
        Ok(Ok(Run {
            id,
            rule: Arc::clone(&self.name),
            event: Arc::from(fact.name()),
            server: fact.server().cloned(),
            causes: fact.causes().clone(),
            key,
            steps: steps.into(),
            later: self.script.later(context, &self.zone),
            was_queued: false,
            record: RunRecord::default(),
        }))
    }
}

/// Maximum of remembered keys of a limit; the one that expires next makes room.
pub(super) const MAX_LIMITS: usize = 10_000;

/// Number of traces kept per rule.
pub(super) const MAX_TRACES: usize = 32;
