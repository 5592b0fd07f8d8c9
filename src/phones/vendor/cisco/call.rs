//! Calls: what `Dial` and `SendDigits` do, and what a press of a key does for sure.
//!
//! Cisco's phones have no command for a call that is there; they have keys. What a hard key does is
//! sure, and what a soft key does changes with the phone's state, so only hard keys are pressed
//! here.

use std::time::Duration;

use super::execute::{self, Item};
use super::family::{Family, Scheme, Support};
use super::keys::{self, HOLD, TRANSFER, stroke};
use super::uri::Uri;
use crate::phone::Phone;
use crate::screen::Number;
use crate::vendor::{Plan, PlanError};
use crate::verb::{CallControl, CallId, Digits, TransferKind};

/// Places a call.
pub(super) fn dial(phone: &Phone, number: &Number, line: Option<u8>) -> Result<Plan, PlanError> {
    if line.is_some() {
        return Err(PlanError::unsupported(
            "a Cisco phone dials on the line that it chooses; press the line's key first (key=P2)",
        ));
    }
    execute::plan(phone, &[Item::uri(Uri::dial(number)?)])
}

/// Does something with the call that there is.
pub(super) fn control(
    phone: &Phone,
    what: CallControl,
    call: Option<&CallId>,
) -> Result<Plan, PlanError> {
    whichever(call)?;
    let family = Family::of(phone);
    let (names, does, note): (&[&'static str], _, _) = match what {
        CallControl::Answer => (
            &["Speaker"],
            "answers",
            "it pressed Speaker, which answers a call that rings, and opens a line if none does",
        ),
        CallControl::Hangup => (
            &["Release", "OnHook"],
            "hangs up",
            "it pressed the key that hangs up, for the call that is chosen on the phone",
        ),
        CallControl::Hold | CallControl::Resume => (
            HOLD,
            "holds a call",
            "it pressed the key that both holds and resumes: the state of the call decides",
        ),
    };
    let Some(key) = family.first_key(names) else {
        let title = family.title;
        return Err(PlanError::Unsupported(format!(
            "no hard key of {title} surely {does}; press the soft key that says so (key=F1)"
        )));
    };
    Ok(stroke(phone, key)?.with_note(note))
}

/// Sends digits in the call.
pub(super) fn dtmf(phone: &Phone, digits: &Digits) -> Result<Plan, PlanError> {
    let family = Family::of(phone);
    if family.runs(Scheme::SendDigits) == Support::Yes {
        let uri = Uri::send_digits(digits.as_str());
        return execute::plan(phone, &[Item::uri(uri)]);
    }
    let plan = pressed(phone, digits.as_str())?;
    Ok(plan.with_note("it pressed the keys of the digits, which dial if there is no call"))
}

/// Transfers the call that there is.
pub(super) fn transfer(
    phone: &Phone,
    number: &Number,
    kind: TransferKind,
    call: Option<&CallId>,
) -> Result<Plan, PlanError> {
    whichever(call)?;
    if kind == TransferKind::Attended {
        return Err(PlanError::unsupported(
            "a Cisco phone does not tell when the other has answered; press its keys for that",
        ));
    }
    let family = Family::of(phone);
    let Some(key) = family.first_key(TRANSFER) else {
        let title = family.title;
        return Err(PlanError::Unsupported(format!(
            "{title} has no hard key that surely transfers, and what soft keys do changes"
        )));
    };
    let press = || stroke(phone, key);
    let plan = press()?
        .then_pause(LINE_OPENS)
        .then(pressed(phone, number.as_str())?)
        .then_pause(CALL_GOES)
        .then(press()?);
    Ok(plan.with_note("unproven: it pressed the keys of a transfer, which no phone confirms"))
}

/// Presses the keys of digits, one after the other.
fn pressed(phone: &Phone, digits: &str) -> Result<Plan, PlanError> {
    let mut plan = Plan::default();
    for name in keys::digits(digits)? {
        plan = plan.then(stroke(phone, &name)?);
    }
    Ok(plan)
}

fn whichever(call: Option<&CallId>) -> Result<(), PlanError> {
    match call {
        None => Ok(()),
        Some(_) => Err(PlanError::unsupported(
            "keys are for the call that is chosen on a Cisco phone; leave call out",
        )),
    }
}

/// How long the line for a transfer takes to open.
const LINE_OPENS: Duration = Duration::from_millis(500);

/// How long the phone takes to see that a number is complete, and to call it.
const CALL_GOES: Duration = Duration::from_secs(3);
