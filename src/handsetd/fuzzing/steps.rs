//! Steps of rules, taken without sending anything.

use std::time::Duration;

use handset_ami::Action;
use jiff::Timestamp;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::outcome::Status;
use crate::rules::config::Rule;
use crate::rules::{Outline, Reached, Run, StepAction, StepResult, StepResults};

/// What a step would send.
#[derive(Debug)]
#[non_exhaustive]
pub enum Sent {
    /// An action to Asterisk.
    Ami(Action),
    /// Nothing: its condition is false, or it cannot be filled in.
    Nothing,
    /// A request to phones, with values of this length in all.
    Verb(usize),
    /// Nothing for this time.
    Wait(Duration),
    /// An HTTP request.
    Webhook {
        /// Scheme, host and port.
        origin: String,
        /// The headers.
        headers: HeaderMap,
        /// Length of URL and body, in bytes.
        length: usize,
    },
}

/// Reads the section of a rule, a TOML document of its own.
///
/// # Errors
///
/// What is wrong with it.
pub fn read_rule(section: &str) -> Result<Rule, String> {
    toml::from_str(section).map_err(|error| error.to_string())
}

/// Fills in the steps of a run one after the other; each comes to `result`.
pub fn take_steps(run: &Run, result: &Value) -> Vec<Sent> {
    let mut results = StepResults::default();
    let mut sent = Vec::new();
    for (index, step) in run.steps.iter().enumerate() {
        let later = run.later.as_ref();
        let clock = Timestamp::UNIX_EPOCH;
        let reached = later.map_or(Ok(Reached::AsPlanned), |later| {
            later.reach(index, &results, false, clock)
        });
        let action = match reached {
            Ok(Reached::AsPlanned) => Some(step.action.clone()),
            Ok(Reached::Filled(action)) => Some(action),
            Ok(Reached::Skipped) | Err(_) => None,
        };
        sent.push(action.as_ref().map_or(Sent::Nothing, sent_by));
        if let Some(id) = &step.id {
            let result = StepResult {
                result: Some(result.clone()),
                ..StepResult::new(Status::Ok, "")
            };
            results.insert(id, result);
        }
    }
    sent
}

fn sent_by(action: &StepAction) -> Sent {
    let outline = Outline::from(action);
    let _ = (outline.to_string(), outline.to_json(), outline.texts());
    match action {
        StepAction::Ami(call) => Sent::Ami(call.action.clone()),
        StepAction::Later(_) | StepAction::Skipped(_) => Sent::Nothing,
        StepAction::Verb(call) => Sent::Verb(call.pairs.iter().map(|(_, value)| value.len()).sum()),
        StepAction::Wait(duration) => Sent::Wait(*duration),
        StepAction::Webhook(call) => Sent::Webhook {
            origin: call.url.origin().ascii_serialization(),
            headers: call.headers.clone(),
            length: call.url.as_str().len() + call.body.as_ref().map_or(0, String::len),
        },
    }
}
