//! Calls in a session.

use super::session::{End, Session, UNVERIFIED, refusal};
use crate::csta::services::{self, CallRequest};
use crate::csta::{Call, Request, Selection, no_call, several_calls};
use crate::screen::Number;
use crate::vendor::{Plan, PlanError, ReplyOutcome, Step};
use crate::verb::{CallControl, CallId, Digits};

/// Answers, ends, holds or resumes a call.
pub(super) fn control(
    session: &Session,
    action: CallControl,
    call: Option<&CallId>,
) -> Result<Plan, PlanError> {
    let CallRequest {
        name,
        call: element,
        states,
    } = CallRequest::of(action);
    let own = session.clone();
    with_call(session, states, call, move |end| {
        let request = Request::new(name, vec![end.part(element)]);
        own.about(&request, end)
    })
}

/// Places a call; the result is its id.
pub(super) fn dial(
    session: &Session,
    number: &Number,
    line: Option<u8>,
) -> Result<Plan, PlanError> {
    let request = services::make_call(&session.line(line)?, number.as_str());
    let step = session.step(&request, |answer| match answer {
        Ok(answer) => ReplyOutcome::call(answer.call_id("callingDevice")),
        Err(refused) => refused,
    })?;
    Ok(Plan::new([step]))
}

/// Sends digits in the call.
pub(super) fn dtmf(session: &Session, digits: &Digits) -> Result<Plan, PlanError> {
    let digits = digits.as_str().to_owned();
    let own = session.clone();
    let plan = with_call(session, services::ANSWERED, None, move |end| {
        let call = end.part("connectionToSendDigits");
        own.about(&services::generate_digits(call, &digits), end)
    })?;
    Ok(plan.with_note(UNVERIFIED))
}

/// Plans the steps of `then` for the call with the given id, or the only one in one of `states`, which are in
/// order of preference.
pub(super) fn with_call(
    session: &Session,
    states: &'static [&'static str],
    call: Option<&CallId>,
    then: impl Fn(&End) -> Vec<Step> + Send + Sync + 'static,
) -> Result<Plan, PlanError> {
    if let Some(call) = call {
        if call.as_str().contains('/') {
            return Err(PlanError::Invalid(format!(
                "call: {call} is a channel of Asterisk, and CSTA has ids of the phone; use CallID of an event \
                 of the phone"
            )));
        }
        return Ok(Plan::new(then(&session.end(call.as_str()))));
    }
    let own = session.clone();
    let step = session.step_or(
        &services::snapshot(session.device()),
        move |answer| match answer {
            Ok(answer) => match Selection::of(&Call::all(&answer), states) {
                Selection::One(call) => ReplyOutcome::Then(then(&own.end_of(call))),
                Selection::Several(count, call) => {
                    ReplyOutcome::Rejected(several_calls(count, call))
                }
                Selection::None => ReplyOutcome::Rejected(no_call(states).to_owned()),
            },
            // A phone that does not list its calls knows itself which one can be meant.
            Err(refused) if refused.is_unsupported() => ReplyOutcome::Then(then(&own.only_end())),
            Err(refused) => refusal(&refused),
        },
    )?;
    Ok(Plan::new([step]))
}

/// Requests all calls of the phone.
pub(super) fn snapshot(
    session: &Session,
    then: impl Fn(Result<Vec<Call>, ReplyOutcome>) -> ReplyOutcome + Send + Sync + 'static,
) -> Option<Step> {
    let request = services::snapshot(session.device());
    let step = session.step(&request, move |answer| {
        then(answer.map(|answer| Call::all(&answer)))
    });
    step.ok()
}
