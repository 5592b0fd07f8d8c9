//! Transfers by CSTA: at once with one request, or once the called party has answered, by polling.

use std::sync::Arc;
use std::time::Duration;

use super::calls::{UNVERIFIED, snapshot, steps, with_call};
use super::device::{Line, Next};
use super::request::{self, Dialect};
use crate::csta::{Call, Part, services};
use crate::screen::Number;
use crate::vendor::{Plan, PlanError, ReplyOutcome, Step};
use crate::verb::{CallId, TransferKind};

/// Transfers a call.
pub(super) fn plan(
    dialect: Dialect,
    line: Line,
    number: &Number,
    kind: TransferKind,
    call: Option<&CallId>,
) -> Result<Plan, PlanError> {
    let number = number.clone();
    if kind == TransferKind::Blind {
        return with_call(dialect, line, services::TRANSFERABLE, call, move |id| {
            let id = id.to_owned();
            line.target(&number, move |target| {
                let active = Part::call("activeCall", &id);
                steps(dialect, &services::single_step_transfer(active, target))
            })
        });
    }
    dialect.check_support("ConsultationCall")?;
    let plan = with_call(dialect, line, services::TRANSFERABLE, call, move |id| {
        let (id, to) = (id.to_owned(), number.clone());
        line.target(&number, move |target| {
            consult(dialect, line, &id, &to, target)
        })
    })?;
    Ok(plan.with_note(UNVERIFIED))
}

/// Calls the target, waits for the answer, and joins both calls.
fn consult(dialect: Dialect, line: Line, held: &str, number: &Number, target: &str) -> Vec<Step> {
    let request = services::consultation(Part::call("existingCall", held), target);
    let (held, number) = (held.to_owned(), number.clone());
    let step = request::step(&request, dialect, move |answer| {
        let answer = match answer {
            Ok(answer) => answer,
            Err(refused) => return refused,
        };
        match answer.call_id("initiatedCall") {
            Some(active) if held == active.as_str() => {
                ReplyOutcome::Rejected("the phone reported the held call as the new one".to_owned())
            }
            Some(active) => ReplyOutcome::Then(wait(Wait {
                dialect,
                line,
                held: held.clone(),
                active: active.to_string(),
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
    dialect: Dialect,
    line: Line,
    held: String,
    active: String,
    number: Number,
    /// The remaining polls.
    left: u8,
}

fn wait(wait: Wait) -> Vec<Step> {
    let line = wait.line;
    let next: Next = Arc::new(move |device| {
        let wait = wait.clone();
        snapshot(device, move |calls| {
            let calls = match calls {
                Ok(calls) => calls,
                Err(refused) => return refused,
            };
            let number = &wait.number;
            let call = calls.iter().find(|call| call.id().as_str() == wait.active);
            match call.map(Call::state) {
                Some("connected") if call.is_some_and(Call::is_answered) => {
                    let held = Part::call("heldCall", &wait.held);
                    let active = Part::call("activeCall", &wait.active);
                    let request = services::transfer(held, active);
                    ReplyOutcome::Then(steps(wait.dialect, &request))
                }
                None | Some("null" | "fail") => ReplyOutcome::Rejected(format!(
                    "the call to {number} ended; the other call is on hold"
                )),
                Some(_) if wait.left == 0 => ReplyOutcome::Rejected(format!(
                    "{number} did not answer within {MAX_POLLS} s; both calls are unchanged"
                )),
                Some(_) => ReplyOutcome::Then(self::wait(Wait {
                    left: wait.left.saturating_sub(1),
                    ..wait.clone()
                })),
            }
        })
    });
    let mut steps = vec![Step::Pause(POLL_INTERVAL)];
    steps.extend(line.steps(&next));
    steps
}

/// The time between two polls.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The most polls for the answer.
const MAX_POLLS: u8 = 30;
