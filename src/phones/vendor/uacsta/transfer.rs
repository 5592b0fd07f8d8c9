//! Transfers in a session: at once with one request, or once the called party has answered, by polling.

use std::time::Duration;

use super::calls::{snapshot, with_call};
use super::session::{End, Session, UNVERIFIED};
use crate::csta::{Call, services};
use crate::screen::Number;
use crate::vendor::{Plan, PlanError, ReplyOutcome, Step};
use crate::verb::{CallId, TransferKind};

/// Transfers a call.
pub(super) fn plan(
    session: &Session,
    number: &Number,
    kind: TransferKind,
    call: Option<&CallId>,
) -> Result<Plan, PlanError> {
    let (own, target) = (session.clone(), number.clone());
    let transfer = move |end: &End| match kind {
        TransferKind::Blind => {
            let active = end.part("activeCall");
            let request = services::single_step_transfer(active, &own.target(&target, end));
            own.about(&request, end)
        }
        TransferKind::Attended => consult(&own, end, &target),
    };
    let own = session.clone();
    let plan = with_call(session, services::TRANSFERABLE, call, {
        let (number, is_listed) = (number.clone(), call.is_none());
        move |end| {
            if is_listed || !own.lacks_server(&number, end) {
                return transfer(end);
            }
            let (transfer, end) = (transfer.clone(), end.clone());
            let session = own.clone();
            let listed = snapshot(&own, move |calls| {
                let calls = calls.unwrap_or_default();
                let mut calls = calls.iter();
                let call = calls.find(|call| Some(call.id().as_str()) == end.id.as_deref());
                let end = call.map_or_else(|| end.clone(), |call| session.end_of(call));
                ReplyOutcome::Then(transfer(&end))
            });
            listed.into_iter().collect()
        }
    })?;
    Ok(plan.with_note(UNVERIFIED))
}

/// Calls the target, waits for the answer, and joins both calls.
fn consult(session: &Session, held: &End, number: &Number) -> Vec<Step> {
    let existing = held.part("existingCall");
    let request = services::consultation(existing, &session.target(number, held));
    let (own, held, number) = (session.clone(), held.clone(), number.clone());
    let step = session.step(&request, move |answer| {
        let answer = match answer {
            Ok(answer) => answer,
            Err(refused) => return refused,
        };
        match answer.call_id("initiatedCall") {
            Some(active) if held.id.as_deref() == Some(active.as_str()) => {
                ReplyOutcome::Rejected("the phone reported the held call as the new one".to_owned())
            }
            Some(active) => ReplyOutcome::Then(wait(Wait {
                session: own.clone(),
                held: held.clone(),
                active,
                number: number.clone(),
                left: MAX_POLLS,
            })),
            None => {
                ReplyOutcome::Rejected("the phone did not report the id of the new call".to_owned())
            }
        }
    });
    step.into_iter().collect()
}

/// The state while waiting for the answer.
#[derive(Clone, Debug)]
struct Wait {
    session: Session,
    held: End,
    active: CallId,
    number: Number,
    /// The remaining polls.
    left: u8,
}

fn wait(wait: Wait) -> Vec<Step> {
    let session = wait.session.clone();
    let look = snapshot(&session, move |calls| {
        let calls = match calls {
            Ok(calls) => calls,
            Err(refused) => return refused,
        };
        wait.look(&calls)
    });
    [Step::Pause(POLL_INTERVAL)]
        .into_iter()
        .chain(look)
        .collect()
}

impl Wait {
    /// Joins the calls if the target has answered, or looks again later.
    fn look(&self, calls: &[Call]) -> ReplyOutcome {
        let number = &self.number;
        let call = calls.iter().find(|call| *call.id() == self.active);
        match call.map(|call| (call.state(), call)) {
            Some(("connected", call)) if call.is_answered() => {
                let active = self.session.end_of(call);
                let held = self.held.part("heldCall");
                let request = services::transfer(held, active.part("activeCall"));
                ReplyOutcome::Then(self.session.about(&request, &self.held))
            }
            None | Some(("null" | "fail", _)) => ReplyOutcome::Rejected(format!(
                "the call to {number} ended; the other call is on hold"
            )),
            Some(_) if self.left == 0 => ReplyOutcome::Rejected(format!(
                "{number} did not answer within {MAX_POLLS} s; both calls are unchanged"
            )),
            Some(_) => ReplyOutcome::Then(wait(Self {
                left: self.left.saturating_sub(1),
                ..self.clone()
            })),
        }
    }
}

/// The time between two polls.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The most polls for the answer.
const MAX_POLLS: u8 = 30;
