//! Calls by CSTA. A call is given by its id (`$csta_id` in an action URL); otherwise it is the phone's
//! only call in the right state.

use std::sync::Arc;

use super::device::{Line, Next};
use super::request::{Dialect, done, step};
use crate::csta::services::{self, CallRequest};
use crate::csta::{Call, Part, Request, Selection, no_call, several_calls};
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
    let CallRequest {
        name,
        call: element,
        states,
    } = CallRequest::of(action);
    with_call(dialect, line, states, call, move |id| {
        let request = Request::new(name, vec![Part::call(element, id)]);
        steps(dialect, &request)
    })
}

/// Places a call.
pub(super) fn dial(dialect: Dialect, line: Line, number: &Number) -> Plan {
    let number = number.clone();
    line.plan(move |device| {
        let request = services::make_call(device, number.as_str());
        let step = step(&request, dialect, |answer| match answer {
            Ok(answer) => ReplyOutcome::call(answer.call_id("callingDevice")),
            Err(refused) => refused,
        });
        step.into_iter().collect()
    })
}

/// Sends digits in the call.
pub(super) fn dtmf(dialect: Dialect, line: Line, digits: &Digits) -> Result<Plan, PlanError> {
    dialect.check_support("GenerateDigits")?;
    let digits = digits.as_str().to_owned();
    let plan = with_call(dialect, line, services::ANSWERED, None, move |id| {
        let call = Part::call("connectionToSendDigits", id);
        steps(dialect, &services::generate_digits(call, &digits))
    })?;
    Ok(plan.with_note(UNVERIFIED))
}

/// Returns the step of a request without result data. The dialect must support the request.
pub(super) fn steps(dialect: Dialect, request: &Request) -> Vec<Step> {
    step(request, dialect, done).into_iter().collect()
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
            match (Selection::of(&calls, states), line.next()) {
                (Selection::One(call), _) => ReplyOutcome::Then(then(call.id().as_str())),
                (Selection::Several(count, call), _) => {
                    ReplyOutcome::Rejected(several_calls(count, call))
                }
                (Selection::None, Some(line)) => ReplyOutcome::Then(search(line, states, &then)),
                (Selection::None, None) => nothing(states),
            }
        })
    });
    line.steps(&next)
}

fn nothing(states: &[&str]) -> ReplyOutcome {
    ReplyOutcome::Rejected(no_call(states).to_owned())
}

/// Requests all calls of an identity.
pub(super) fn snapshot(
    device: &str,
    then: impl Fn(Result<Vec<Call>, ReplyOutcome>) -> ReplyOutcome + Send + Sync + 'static,
) -> Vec<Step> {
    let step = step(&services::snapshot(device), Dialect::NEW, move |answer| {
        then(answer.map(|answer| Call::all(&answer)))
    });
    step.into_iter().collect()
}

/// The caveat for requests that Snom does not document.
pub(super) const UNVERIFIED: &str = "unverified on real phones: this CSTA request";
