//! One element of `do`: what it does, in templates and filled in.

mod keyed;
mod outline;
mod verb;
mod wait;

use std::sync::Arc;
use std::time::Duration;

use handset_phones::verb::Request;

use super::config::{Value, Values};
use super::context::Context;
use super::error::Error;

pub(super) use keyed::KeyedError;
pub(crate) use outline::Outline;
pub(crate) use verb::VerbCall;
use verb::VerbTemplate;
use wait::WaitTemplate;

/// A step of a run: as planned when the rule fires, or as taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its name for later steps.
    pub id: Option<Arc<str>>,
    /// What it does.
    pub action: StepAction,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StepAction {
    /// Makes a request.
    Verb(VerbCall),
    /// Waits.
    Wait(Duration),
}

impl Step {
    /// Returns the request, if the step makes one.
    pub fn request(&self) -> Option<&Request> {
        self.call().map(|call| &call.request)
    }

    /// Returns the request with its keys, if the step makes one.
    pub fn call(&self) -> Option<&VerbCall> {
        match &self.action {
            StepAction::Verb(call) => Some(call),
            StepAction::Wait(_) => None,
        }
    }
}

/// A step with templates.
#[derive(Debug)]
pub(super) struct StepTemplate {
    id: Option<Arc<str>>,
    action: ActionTemplate,
}

#[derive(Debug)]
enum ActionTemplate {
    Verb(VerbTemplate),
    Wait(WaitTemplate),
}

impl StepTemplate {
    /// Compiles an element of `do`.
    pub(super) fn parse(values: &Values) -> Result<Self, Vec<KeyedError>> {
        let action = match Kind::of(values) {
            Some((Kind::Verb, Value::Text(name))) => {
                ActionTemplate::Verb(VerbTemplate::parse(name, values)?)
            }
            Some((Kind::Wait, value)) => ActionTemplate::Wait(WaitTemplate::parse(value, values)?),
            Some((kind, _)) => return Err(vec![keyed::mismatch(kind.key(), "must be a string")]),
            None => return Err(vec![(None, Error::UnknownStep)]),
        };
        Ok(Self { id: None, action })
    }

    /// Fills in the templates with the values of `context`.
    pub(super) fn fill(&self, context: &Context<'_>) -> Result<Step, Error> {
        let action = match &self.action {
            ActionTemplate::Verb(verb) => StepAction::Verb(verb.fill(context)?),
            ActionTemplate::Wait(wait) => StepAction::Wait(wait.fill(context)?),
        };
        Ok(Step {
            id: self.id.clone(),
            action,
        })
    }
}

/// Returns whether one of the keys says what the step does.
pub(crate) fn is_step(values: &Values) -> bool {
    Kind::of(values).is_some()
}

/// What a step does, which one of its keys says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Verb,
    Wait,
}

impl Kind {
    /// Returns what a step with these keys does, and the value of the key that says so. A step with a verb is
    /// a request, and its `wait` a key of that verb.
    fn of(values: &Values) -> Option<(Self, &Value)> {
        let mut all = [Self::Verb, Self::Wait].into_iter();
        all.find_map(|kind| Some((kind, values.get(kind.key())?)))
    }

    /// Returns the key.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Verb => "verb",
            Self::Wait => "wait",
        }
    }
}
