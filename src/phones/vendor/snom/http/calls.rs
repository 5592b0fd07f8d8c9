//! Calls by HTTP: numbers that are dialed, and keys that are pressed as a person would.
//!
//! Sources: "Remote phone control", and for what takes a call (`ENTER`) two programs that do it so.

use std::time::Duration;

use super::{get, identity, keys, settings_page, web};
use crate::phone::Phone;
use crate::screen::Number;
use crate::vendor::{Plan, PlanError, ReplyOutcome, Step};
use crate::verb::{CallControl, CallId, Digits, TransferKind};
use keys::Key;

/// Answers, ends, holds or resumes a call.
pub(super) fn control(
    phone: &Phone,
    what: CallControl,
    call: Option<&CallId>,
) -> Result<Plan, PlanError> {
    unnamed(call)?;
    let press = |key| Ok(get(&keys::press(phone, key)?));
    match what {
        CallControl::Answer => press(&Key::Named("ENTER")),
        CallControl::Hangup => {
            Ok(get("/command.htm?RELEASE_ALL_CALLS").with_note("all calls of the phone are ended"))
        }
        CallControl::Hold | CallControl::Resume => {
            Ok(press(&Key::HOLD)?.with_note(super::super::TOGGLES))
        }
    }
}

/// Places a call, from one of the phone's identities if it matters.
pub(super) fn dial(number: &Number, line: Option<u8>) -> Result<Plan, PlanError> {
    let page = format!("/command.htm?number={}", keys::encoded(number.as_str()));
    let Some(line) = line else {
        return Ok(get(&page));
    };
    let line = identity(line)?;
    Ok(Plan::new([settings_page::ask(move |dump| {
        match dump.address(line) {
            Some(address) => {
                ReplyOutcome::Then(get(&format!("{page}&outgoing_uri={}", encoded(&address))).steps)
            }
            None => ReplyOutcome::Rejected(format!(
                "the phone's settings user_name{line} and user_host{line} tell no identity"
            )),
        }
    })]))
}

/// Sends digits in the call.
pub(super) fn dtmf(digits: &Digits) -> Result<Plan, PlanError> {
    let digits = plain(digits)?;
    let page = format!("/command.htm?key_dtmf={}", keys::encoded(digits));
    Ok(get(&page))
}

/// Returns the digits, if all of them are keys.
pub(in super::super) fn plain(digits: &Digits) -> Result<&str, PlanError> {
    let digits = digits.as_str();
    match digits.chars().find(char::is_ascii_alphabetic) {
        None => Ok(digits),
        Some(letter) => Err(PlanError::Unsupported(format!(
            "digits: a Snom phone sends 0-9 * # only, not {letter}"
        ))),
    }
}

/// Transfers the call as a person would: key by key, with the time that the screen needs between
/// the steps.
pub(super) fn transfer(
    phone: &Phone,
    number: &Number,
    kind: TransferKind,
    call: Option<&CallId>,
) -> Result<Plan, PlanError> {
    unnamed(call)?;
    let press = |key: &Key| keys::press(phone, key);
    let digits = number.as_str().chars().map(|digit| {
        let mut buffer = [0; 4];
        Key::find(phone, digit.encode_utf8(&mut buffer)).and_then(|key| press(&key))
    });
    let digits = digits.collect::<Result<Vec<_>, _>>().map_err(|_| {
        PlanError::unsupported("number: by keys a Snom phone dials 0-9 * # only; try via=csta")
    })?;
    let (transfer, enter) = (
        press(&Key::Named("TRANSFER"))?,
        press(&Key::Named("ENTER"))?,
    );
    let first = match kind {
        TransferKind::Attended => press(&Key::HOLD)?,
        TransferKind::Blind => transfer.clone(),
    };
    let mut steps = paced(vec![vec![first], digits, vec![enter.clone()]]);
    if kind == TransferKind::Blind {
        return Ok(Plan::new(steps));
    }
    // With that setting the phone asks which of the held calls is meant; the first one is.
    let end = settings_page::ask_if_shown(move |dump| {
        let asks = matches!(dump.value("call_join_xfer"), Some("on" | "always"));
        let mut pages = vec![vec![transfer.clone()]];
        pages.extend(asks.then(|| vec![enter.clone()]));
        ReplyOutcome::Then(paced(pages))
    });
    steps.extend([Step::Pause(SETTLING), end]);
    Ok(Plan::new(steps).with_note(super::super::UNHEARD))
}

/// Gets pages one after the other, with a pause between groups of them.
fn paced(groups: Vec<Vec<String>>) -> Vec<Step> {
    let mut steps = Vec::new();
    for group in groups {
        if !steps.is_empty() {
            steps.push(Step::Pause(SETTLING));
        }
        steps.extend(group.iter().flat_map(|page| get(page).steps));
    }
    steps
}

fn unnamed(call: Option<&CallId>) -> Result<(), PlanError> {
    match call {
        None => Ok(()),
        Some(call) => Err(PlanError::Unsupported(format!(
            "over HTTP keys go to the call on the screen; call={call} goes by via=csta"
        ))),
    }
}

fn encoded(address: &str) -> String {
    // The phone is known to take the sign between user and host as it is.
    web::encoded(address).replace("%40", "@")
}

/// How long the screen of a phone needs until it takes the next key as it is meant.
pub(in super::super) const SETTLING: Duration = Duration::from_secs(2);
