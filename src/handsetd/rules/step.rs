//! One element of `do`: what it does, in templates and filled in.

mod ami;
mod expected;
mod keyed;
mod kind;
mod outline;
mod results;
mod verb;
mod wait;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use handset_phones::verb::Request;

use super::condition::Condition;
use super::config::{Value, Values};
use super::context::Context;
use super::error::Error;
use super::names::{Lasts, Names};
use super::template::Template;

use ami::AmiTemplate;
pub(crate) use ami::{AmiCall, server_of};
pub(super) use expected::expected;
pub(super) use keyed::KeyedError;
use keyed::{ID, IF, ON_ERROR, mismatch};
use kind::Kind;
pub(crate) use outline::Outline;
pub(crate) use results::{StepResult, StepResults, StepStatus};
pub(crate) use verb::VerbCall;
use verb::VerbTemplate;
use wait::WaitTemplate;
pub(crate) use webhook::WebhookCall;
use webhook::WebhookTemplate;

/// A step of a run: as planned when the rule fires, or as taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its name for later steps.
    pub id: Option<Arc<str>>,
    /// Its condition, if it is not known to be true or false before the step is reached.
    pub condition: Option<Arc<str>>,
    /// Whether the run continues if the step fails.
    pub continues: bool,
    /// What it does.
    pub action: StepAction,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StepAction {
    /// Sends an action to Asterisk.
    Ami(Box<AmiCall>),
    /// Known when the step is reached; this is how it is written.
    Later(Box<Outline>),
    /// Nothing: its condition is false. This is what it would do.
    Skipped(Box<Outline>),
    /// Makes a request.
    Verb(Box<VerbCall>),
    /// Waits.
    Wait(Duration),
    /// Sends an HTTP request.
    Webhook(Box<WebhookCall>),
}

impl Step {
    /// Returns the request, if the step makes one.
    pub fn request(&self) -> Option<&Request> {
        self.call().map(|call| &call.request)
    }

    /// Returns how much memory its values take, roughly, in bytes.
    pub(super) fn memory(&self) -> usize {
        match &self.action {
            StepAction::Ami(call) => call.memory(),
            // Templates of the configuration.
            StepAction::Later(_) | StepAction::Skipped(_) | StepAction::Wait(_) => 0,
            StepAction::Verb(call) => call.memory(),
            StepAction::Webhook(call) => call.memory(),
        }
    }

    /// Returns the request with its keys, if the step makes one.
    pub fn call(&self) -> Option<&VerbCall> {
        match &self.action {
            StepAction::Verb(call) => Some(call),
            _ => None,
        }
    }
}

impl From<&Step> for Outline {
    fn from(step: &Step) -> Self {
        Self::from(&step.action)
    }
}

impl From<&StepAction> for Outline {
    fn from(action: &StepAction) -> Self {
        match action {
            StepAction::Ami(call) => Self::from(call.as_ref()),
            StepAction::Later(outline) | StepAction::Skipped(outline) => Self::clone(outline),
            StepAction::Verb(call) => Self::from(call.as_ref()),
            StepAction::Wait(duration) => Self::from(*duration),
            StepAction::Webhook(call) => Self::from(call.as_ref()),
        }
    }
}

/// What a step turns out to be when it is reached.
#[derive(Debug)]
pub(crate) enum Reached {
    /// It is to be taken as planned.
    AsPlanned,
    /// It is to be taken like this.
    Filled(StepAction),
    /// Its condition is false.
    Skipped,
}

/// A step with templates.
#[derive(Debug)]
pub(super) struct StepTemplate {
    pub(super) id: Option<Arc<str>>,
    condition: Option<Condition>,
    continues: bool,
    action: ActionTemplate,
}

#[derive(Debug)]
enum ActionTemplate {
    Ami(AmiTemplate),
    Verb(VerbTemplate),
    Wait(WaitTemplate),
    Webhook(WebhookTemplate),
}

impl StepTemplate {
    /// Compiles an element of `do`.
    pub(super) fn parse(values: &Values) -> Result<Self, Vec<KeyedError>> {
        let mut errors = Vec::new();
        let id = parse_id(values).map_err(|error| errors.push(error));
        let condition = parse_condition(values).map_err(|error| errors.push(error));
        let continues = parse_on_error(values).map_err(|error| errors.push(error));
        let action = ActionTemplate::parse(values).map_err(|found| errors.extend(found));
        match (id, condition, continues, action) {
            (Ok(id), Ok(condition), Ok(continues), Ok(action)) => Ok(Self {
                id,
                condition,
                continues,
                action,
            }),
            _ => Err(errors),
        }
    }

    /// Returns the names that its condition and its templates mention, each with its key.
    pub(super) fn names(&self) -> Vec<(Option<&str>, &Names)> {
        let condition = self.condition.as_ref();
        let condition = condition.map(|condition| (Some(IF), condition.names()));
        let templates = self.action.templates().into_iter();
        let templates =
            templates.filter_map(|(key, template)| Some((Some(key), template.names()?)));
        condition.into_iter().chain(templates).collect()
    }

    /// Returns its condition, and what it does as written.
    pub(super) fn outline(&self) -> (Option<String>, Outline) {
        let condition = self.condition.as_ref();
        let condition = condition.map(|condition| condition.text().to_owned());
        (condition, self.action.outline())
    }

    /// Returns how long what it is filled in with remains true.
    pub(super) fn lasts(&self) -> Lasts {
        let names = self.names().into_iter().map(|(_, names)| names.lasts());
        names.max().unwrap_or(Lasts::Run)
    }

    /// Fills it in as far as it is known when the rule fires.
    pub(super) fn plan(&self, context: &Context<'_>) -> Result<Step, Error> {
        let condition = self.condition.as_ref();
        let lasts = condition.map_or(Lasts::Run, |condition| condition.names().lasts());
        let is_met = match condition {
            Some(condition) if lasts != Lasts::UntilStep => condition.is_met(context)?,
            _ => true,
        };
        let is_open = lasts != Lasts::Run;
        let action = if !is_met && !is_open {
            StepAction::Skipped(Box::new(self.action.outline()))
        } else if self.action.lasts() == Lasts::UntilStep {
            StepAction::Later(Box::new(self.action.outline()))
        } else {
            match self.action.fill(context) {
                // The condition may be about just that value.
                Err(error) if is_open && self.is_guarded(&error, is_met) => {
                    StepAction::Later(Box::new(self.action.outline()))
                }
                filled => filled?,
            }
        };
        let text = |condition: &Condition| Arc::from(condition.text());
        Ok(Step {
            id: self.id.clone(),
            condition: condition.filter(|_| is_open).map(text),
            continues: self.continues,
            action,
        })
    }

    /// Returns whether the step may be skipped where filling it in fails: it is not met now, or it mentions
    /// the values that are missing.
    fn is_guarded(&self, error: &Error, is_met: bool) -> bool {
        let Some(condition) = &self.condition else {
            return false;
        };
        match error {
            Error::Undefined { names } => {
                let mentioned = |name: &String| condition.names().mentions(name);
                !is_met || names.iter().all(mentioned)
            }
            _ => !is_met,
        }
    }

    /// Fills it in when it is reached.
    pub(super) fn reach(&self, context: &Context<'_>) -> Result<Reached, Error> {
        if let Some(condition) = &self.condition
            && !condition.is_met(context)?
        {
            return Ok(Reached::Skipped);
        }
        self.action.fill(context).map(Reached::Filled)
    }
}

impl ActionTemplate {
    fn parse(values: &Values) -> Result<Self, Vec<KeyedError>> {
        let Some((kind, value)) = Kind::of(values) else {
            return Err(vec![(None, Error::UnknownStep)]);
        };
        match (kind, value) {
            (Kind::Ami, Value::Text(name)) => AmiTemplate::parse(name, values).map(Self::Ami),
            (Kind::Verb, Value::Text(name)) => VerbTemplate::parse(name, values).map(Self::Verb),
            (Kind::Wait, value) => WaitTemplate::compile(value, values).map(Self::Wait),
            (Kind::Webhook, value) => WebhookTemplate::parse(value, values).map(Self::Webhook),
            (kind, _) => Err(vec![mismatch(kind.key(), "must be a string")]),
        }
    }

    /// Returns its templates, each with its key.
    fn templates(&self) -> Vec<(&str, &Template)> {
        match self {
            Self::Ami(ami) => ami.templates(),
            Self::Verb(verb) => verb.templates(),
            Self::Wait(wait) => vec![wait.template()],
            Self::Webhook(webhook) => webhook.templates(),
        }
    }

    fn lasts(&self) -> Lasts {
        let names = self
            .templates()
            .into_iter()
            .filter_map(|(_, template)| template.names());
        names.map(Names::lasts).max().unwrap_or(Lasts::Run)
    }

    fn fill(&self, context: &Context<'_>) -> Result<StepAction, Error> {
        match self {
            Self::Ami(ami) => Ok(StepAction::Ami(Box::new(ami.fill(context)?))),
            Self::Verb(verb) => verb.fill(context).map(Box::new).map(StepAction::Verb),
            Self::Wait(wait) => wait.fill(context).map(StepAction::Wait),
            Self::Webhook(webhook) => Ok(StepAction::Webhook(Box::new(webhook.fill(context)?))),
        }
    }

    /// Returns it as written, with its placeholders.
    fn outline(&self) -> Outline {
        match self {
            Self::Ami(ami) => ami.outline(),
            Self::Verb(verb) => verb.outline(),
            Self::Wait(wait) => Outline::new(Kind::Wait, wait.template().1.source(), Vec::new()),
            Self::Webhook(webhook) => webhook.outline(),
        }
    }
}

/// Returns whether one of the keys says what the step does.
pub(crate) fn is_step(values: &Values) -> bool {
    Kind::of(values).is_some()
}

/// Returns a value of the configuration as JSON.
pub(super) fn to_json(value: &Value) -> Result<serde_json::Value, Error> {
    webhook::to_json(value)
}

/// Returns the name of the step, valid or not.
pub(super) fn id(values: &Values) -> Option<&str> {
    match values.get(ID) {
        Some(Value::Text(id)) => Some(id),
        _ => None,
    }
}

fn parse_id(values: &Values) -> Result<Option<Arc<str>>, KeyedError> {
    let Some(value) = values.get(ID) else {
        return Ok(None);
    };
    let Value::Text(id) = value else {
        return Err(mismatch(ID, "must be a string"));
    };
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_name = id.starts_with(|c: char| c.is_ascii_alphabetic()) && id.chars().all(is_letter);
    if !is_name || id.len() > MAX_ID {
        let reason = format!(
            "invalid name {id:?}; use letters, digits and _, at most {MAX_ID}, a letter first"
        );
        return Err((Some(ID.to_owned()), Error::InvalidValue { reason }));
    }
    Ok(Some(Arc::from(id.as_str())))
}

fn parse_condition(values: &Values) -> Result<Option<Condition>, KeyedError> {
    match values.get(IF) {
        None => Ok(None),
        Some(Value::Text(text)) => {
            let condition = Condition::parse(text);
            condition
                .map(Some)
                .map_err(|error| (Some(IF.to_owned()), error))
        }
        Some(_) => Err(mismatch(
            IF,
            "must be a string, such as \"steps.a.status != 'OK'\"",
        )),
    }
}

fn parse_on_error(values: &Values) -> Result<bool, KeyedError> {
    match values.get(ON_ERROR) {
        None => Ok(false),
        Some(Value::Text(word)) if word == "continue" => Ok(true),
        Some(Value::Text(word)) if word == "stop" => Ok(false),
        Some(_) => Err(mismatch(ON_ERROR, "must be \"continue\" or \"stop\"")),
    }
}

/// The longest name of a step, in bytes.
const MAX_ID: usize = 64;
