//! Calls by CSTA. A call is given by its id (`$csta_id` in an action URL); otherwise it is the phone's
//! only call in the right state.

use std::sync::Arc;

use super::device::{Line, Next};
use super::request::{Dialect, done, step};
use crate::csta::{Call, Part, Request};
use crate::screen::Number;
use crate::vendor::{Plan, PlanError, ReplyOutcome, Step};
use crate::verb::{CallControl, CallId, Digits};

/// The steps for a call once its id is known.
pub(super) type WithCall = Arc<dyn Fn(&str) -> Vec<Step> + Send + Sync>;

/// Answers, ends, holds or resumes a call.
pub(super) fn control(
    dialect: Dialect,
    line: Line,
    action: CallControl,
    call: Option<&CallId>,
) -> Result<Plan, PlanError> {
    let (name, child, states): (_, _, &'static [&'static str]) = match action {
        CallControl::Answer => ("AnswerCall", "callToBeAnswered", &["alerting"]),
        CallControl::Hangup => (
            "ClearConnection",
            "connectionToBeCleared",
            &["connected", "alerting", "initiated", "hold"],
        ),
        CallControl::Hold => ("HoldCall", "callToBeHeld", &["connected"]),
        CallControl::Resume => ("RetrieveCall", "callToBeRetrieved", &["hold"]),
    };
    with_call(dialect, line, states, call, move |id| {
        request(dialect, name, vec![Part::call(child, id)])
    })
}

/// Places a call.
pub(super) fn dial(dialect: Dialect, line: Line, number: &Number) -> Plan {
    let number = number.clone();
    line.plan(move |device| {
        let parts = vec![
            Part::text("callingDevice", device),
            Part::text("calledDirectoryNumber", number.as_str()),
            Part::text("autoOriginate", "doNotPrompt"),
        ];
        request(dialect, "MakeCall", parts)
    })
}

/// Sends digits in the call.
pub(super) fn dtmf(dialect: Dialect, line: Line, digits: &Digits) -> Result<Plan, PlanError> {
    dialect.check_support("GenerateDigits")?;
    let digits = digits.as_str().to_owned();
    let plan = with_call(dialect, line, &["connected"], None, move |id| {
        let parts = vec![
            Part::call("connectionToSendDigits", id),
            Part::text("charactersToSend", &digits),
        ];
        request(dialect, "GenerateDigits", parts)
    })?;
    Ok(plan.with_note(UNVERIFIED))
}

/// Returns the step of a request without result data. The dialect must support the request.
pub(super) fn request(dialect: Dialect, name: &'static str, parts: Vec<Part>) -> Vec<Step> {
    let step = step(&Request::new(name, parts), dialect, done);
    step.into_iter().collect()
}

/// Plans the steps of `then` for the given or the only matching call.
pub(super) fn with_call(
    dialect: Dialect,
    line: Line,
    states: &'static [&'static str],
    call: Option<&CallId>,
    then: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static,
) -> Result<Plan, PlanError> {
    if let Some(call) = call {
        if call.as_str().parse::<i32>().is_err() {
            return Err(PlanError::Invalid(format!(
                "call: invalid CSTA call id {call}; use $csta_id of the action URL"
            )));
        }
        return Ok(Plan::new(then(call.as_str())));
    }
    if dialect.is_old() {
        return Err(PlanError::unsupported(
            "call: firmware before 8.7.3 does not list its calls; set call to $csta_id of the action \
             URL",
        ));
    }
    let then: WithCall = Arc::new(then);
    Ok(Plan::new(search(line, states, &then)))
}

/// Searches the identities in order for a call in one of `states`, which are in order of preference.
fn search(line: Line, states: &'static [&'static str], then: &WithCall) -> Vec<Step> {
    let then = Arc::clone(then);
    let next: Next = Arc::new(move |device| {
        let then = Arc::clone(&then);
        snapshot(device, move |calls| {
            let calls = match calls {
                Ok(calls) => calls,
                // A missing identity follows the last one.
                Err(ReplyOutcome::Rejected(_)) if !line.is_first() => return nothing(states),
                Err(refused) => return refused,
            };
            match (pick(&calls, states), line.next()) {
                (Pick::One(id), _) => ReplyOutcome::Then(then(&id)),
                (Pick::Several(many, id), _) => ReplyOutcome::Rejected(format!(
                    "the phone has {many} such calls; select one, such as call={id}"
                )),
                (Pick::None, Some(line)) => ReplyOutcome::Then(search(line, states, &then)),
                (Pick::None, None) => nothing(states),
            }
        })
    });
    line.steps(&next)
}

fn nothing(states: &[&str]) -> ReplyOutcome {
    let state = match states {
        ["alerting"] => "no call is ringing at the phone",
        ["hold"] => "no call is on hold at the phone",
        ["connected"] => "no call is connected at the phone",
        _ => "the phone has no call",
    };
    ReplyOutcome::Rejected(state.to_owned())
}

enum Pick {
    None,
    One(String),
    Several(usize, String),
}

fn pick(calls: &[Call], states: &[&str]) -> Pick {
    for state in states {
        let fitting: Vec<_> = calls.iter().filter(|call| call.state() == *state).collect();
        match fitting.as_slice() {
            [] => {}
            [only] => return Pick::One(only.id().to_string()),
            [first, ..] => return Pick::Several(fitting.len(), first.id().to_string()),
        }
    }
    Pick::None
}

/// Requests all calls of an identity.
pub(super) fn snapshot(
    device: &str,
    then: impl Fn(Result<Vec<Call>, ReplyOutcome>) -> ReplyOutcome + Send + Sync + 'static,
) -> Vec<Step> {
    let parts = vec![Part::text("snapshotObject", device)];
    let request = Request::new("SnapshotDevice", parts);
    let step = step(&request, Dialect::NEW, move |answer| {
        then(answer.map(|answer| Call::all(&answer)))
    });
    step.into_iter().collect()
}

/// The caveat for requests that Snom does not document.
pub(super) const UNVERIFIED: &str = "unverified on real phones: this CSTA request";
