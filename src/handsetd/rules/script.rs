//! The steps of a rule with their templates: planned when the rule fires, and filled in when they are
//! reached.
//!
//! A step that depends on the event alone is filled in once. One that mentions the time or a phone is filled
//! in again when it is reached, and one that mentions `steps` only then. What can be filled in when the rule
//! fires is filled in then, so that a rule whose event lacks a value does nothing rather than a half.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::config::Values;
use super::context::{Context, PhoneTable};
use super::error::{Error, RulePart};
use super::fact::Fact;
use super::names::{Lasts, Names};
use super::step::{Outline, Reached, Step, StepResults, StepTemplate};

/// The steps of a rule. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Script(Arc<[StepTemplate]>);

impl Script {
    /// Compiles the elements of `do`.
    pub(super) fn parse(elements: &[Values]) -> Result<Self, Vec<(RulePart, Error)>> {
        let mut errors = Vec::new();
        let mut steps = Vec::new();
        let mut ids = BTreeMap::new();
        let all: Vec<&str> = elements.iter().filter_map(super::step::id).collect();
        for (index, values) in elements.iter().enumerate() {
            let step = match StepTemplate::parse(values) {
                Ok(step) => step,
                Err(found) => {
                    let part = |(key, error)| (RulePart::Do(index, key), error);
                    errors.extend(found.into_iter().map(part));
                    // Later steps may mention it.
                    ids.extend(super::step::id(values).map(|id| (Arc::from(id), index)));
                    continue;
                }
            };
            for (key, names) in step.names() {
                if names.mention_all_steps() {
                    let part = RulePart::Do(index, key.map(ToOwned::to_owned));
                    errors.push((part, Error::AllSteps));
                }
                for id in names.steps() {
                    if let Some(error) = check_mention(id, &ids, &all) {
                        errors.push((RulePart::Do(index, key.map(ToOwned::to_owned)), error));
                    }
                }
            }
            if let Some(id) = &step.id
                && let Some(first) = ids.insert(Arc::clone(id), index)
            {
                let error = Error::DuplicateStep {
                    id: id.to_string(),
                    number: first.saturating_add(1),
                };
                errors.push((RulePart::Do(index, Some("id".to_owned())), error));
            }
            steps.push(step);
        }
        if errors.is_empty() {
            Ok(Self(steps.into()))
        } else {
            Err(errors)
        }
    }

    /// Returns the condition of each step, and the step as written.
    pub(super) fn outlines(&self) -> Vec<(Option<String>, Outline)> {
        self.0.iter().map(StepTemplate::outline).collect()
    }

    /// Returns the names that the steps mention, each with the part that mentions them.
    pub(super) fn names(&self) -> impl Iterator<Item = (RulePart, &Names)> {
        self.0.iter().enumerate().flat_map(|(index, step)| {
            let part = move |key: Option<&str>| RulePart::Do(index, key.map(ToOwned::to_owned));
            let names = step.names().into_iter();
            names.map(move |(key, names)| (part(key), names))
        })
    }

    /// Fills in what is known when the rule fires.
    pub(super) fn plan(&self, context: &Context<'_>) -> Result<Vec<Step>, Error> {
        self.0.iter().map(|step| step.plan(context)).collect()
    }

    /// Returns what is needed to fill in steps when they are reached; `None` if none depends on more than
    /// the event.
    pub(super) fn later(&self, context: &Context<'_>, zone: &TimeZone) -> Option<Arc<Later>> {
        let changes = |step: &StepTemplate| step.lasts() != Lasts::Run;
        self.0.iter().any(changes).then(|| {
            Arc::new(Later {
                script: self.clone(),
                fact: context.fact.detached(),
                phones: context.phones.clone(),
                zone: zone.clone(),
            })
        })
    }
}

/// Returns what is wrong with a mention of the step `id`.
fn check_mention(id: &str, before: &BTreeMap<Arc<str>, usize>, all: &[&str]) -> Option<Error> {
    if before.contains_key(id) {
        return None;
    }
    let id = id.to_owned();
    if all.contains(&id.as_str()) {
        return Some(Error::LaterStep { id });
    }
    let known = before.keys().map(ToString::to_string).collect();
    Some(Error::UnknownStepId { id, known })
}

/// What is needed to fill in the steps of a run when they are reached.
#[derive(Debug)]
pub(crate) struct Later {
    script: Script,
    fact: Fact,
    phones: PhoneTable,
    zone: TimeZone,
}

impl Later {
    /// Fills in the step `index` at the time `clock` with the results of those before. `is_fresh` if it was planned just now.
    pub(crate) fn reach(
        &self,
        index: usize,
        results: &StepResults,
        is_fresh: bool,
        clock: Timestamp,
    ) -> Result<Reached, Error> {
        let Some(step) = self.script.0.get(index) else {
            return Ok(Reached::AsPlanned);
        };
        let lasts = step.lasts();
        if lasts == Lasts::Run || is_fresh && lasts == Lasts::Moment {
            return Ok(Reached::AsPlanned);
        }
        let now = clock.to_zoned(self.zone.clone());
        let fact = self.fact.clone();
        let context = &Context {
            fact: &fact,
            now: &now,
            phones: &self.phones,
            query: &[],
            steps: results,
        };
        step.reach(context)
    }

    /// Returns how much memory it takes, roughly, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.fact.memory()
    }
}
