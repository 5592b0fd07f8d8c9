//! Calls: `Dial`, `SendDigits` and hard keys.
//!
//! Cisco phones have no command for an existing call, only keys. A hard key has one function, while
//! that of a soft key changes with the state of the phone, so only hard keys are pressed here.

use super::execute::{self, Item};
use super::family::{Family, Scheme, Support};
use super::key_names::{HOLD, TRANSFER};
use super::keys::{self, press_one};
use super::timing::{DIAL_DELAY, LINE_DELAY};
use super::uri::Uri;
use crate::phone::Phone;
use crate::screen::Number;
use crate::vendor::{Plan, PlanError};
use crate::verb::{CallControl, CallId, Digits, TransferKind};

/// Plans to place a call.
pub(super) fn dial(phone: &Phone, number: &Number, line: Option<u8>) -> Result<Plan, PlanError> {
    if line.is_some() {
        return Err(PlanError::unsupported(
            "Cisco phones choose the line themselves; press the line's key first (the verb key with keys=P2)",
        ));
    }
    execute::plan(phone, &[Item::uri(Uri::dial(number)?)])
}

/// Plans to control the current call.
pub(super) fn control(
    phone: &Phone,
    action: CallControl,
    call: Option<&CallId>,
) -> Result<Plan, PlanError> {
    check_no_id(call)?;
    let family = Family::of(phone);
    let (names, verb, note): (&[&'static str], _, _) = match action {
        CallControl::Answer => (
            &["Speaker"],
            "answers a call",
            "pressed Speaker, which answers a ringing call, or opens a line if none is ringing",
        ),
        CallControl::Hangup => (
            &["Release", "OnHook"],
            "hangs up",
            "pressed the key that hangs up the call selected on the phone",
        ),
        CallControl::Hold | CallControl::Resume => (
            HOLD,
            "holds a call",
            "pressed the key that both holds and resumes, depending on the state of the call",
        ),
    };
    let Some(key) = family.first_key(names) else {
        let title = family.title;
        return Err(PlanError::Unsupported(format!(
            "{title} has no hard key that reliably {verb}; press its soft key (the verb key with keys=F1)"
        )));
    };
    Ok(press_one(phone, key)?.with_note(note))
}

/// Plans to send digits in the current call.
pub(super) fn dtmf(phone: &Phone, digits: &Digits) -> Result<Plan, PlanError> {
    let family = Family::of(phone);
    if family.supports(Scheme::SendDigits) == Support::Yes {
        let uri = Uri::send_digits(digits.as_str());
        return execute::plan(phone, &[Item::uri(uri)]);
    }
    let plan = press_digits(phone, digits.as_str())?;
    Ok(plan.with_note("pressed the digit keys, which dial if there is no call"))
}

/// Plans to transfer the current call.
pub(super) fn transfer(
    phone: &Phone,
    number: &Number,
    kind: TransferKind,
    call: Option<&CallId>,
) -> Result<Plan, PlanError> {
    check_no_id(call)?;
    if kind == TransferKind::Attended {
        return Err(PlanError::unsupported(
            "Cisco phones do not report when the called party answers; press the keys one by one",
        ));
    }
    let family = Family::of(phone);
    let Some(key) = family.first_key(TRANSFER) else {
        let title = family.title;
        return Err(PlanError::Unsupported(format!(
            "{title} has no hard key that reliably transfers, and soft keys change their function"
        )));
    };
    let plan = press_one(phone, key)?
        .then_pause(LINE_DELAY)
        .then(press_digits(phone, number.as_str())?)
        .then_pause(DIAL_DELAY)
        .then(press_one(phone, key)?);
    Ok(
        plan.with_note(
            "unverified on real phones: pressed the transfer keys, without confirmation",
        ),
    )
}

fn press_digits(phone: &Phone, digits: &str) -> Result<Plan, PlanError> {
    let mut plan = Plan::default();
    for name in keys::digits(digits)? {
        plan = plan.then(press_one(phone, &name)?);
    }
    Ok(plan)
}

fn check_no_id(call: Option<&CallId>) -> Result<(), PlanError> {
    match call {
        None => Ok(()),
        Some(_) => Err(PlanError::unsupported(
            "Cisco phones are controlled by keys, which act on the selected call; omit call",
        )),
    }
}
