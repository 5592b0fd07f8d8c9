//! Calls over HTTP: dialing, and key presses as a user would do them.
//!
//! Sources: "Remote phone control", and two programs that answer calls with `ENTER`.

use super::super::timing::SETTLE_DELAY;
use super::super::web::{self, get, identity};
use super::super::{keys, notes, settings_page};
use crate::phone::Phone;
use crate::screen::Number;
use crate::vendor::{Plan, PlanError, ReplyOutcome, Step};
use crate::verb::{CallControl, CallId, Digits, TransferKind};
use keys::Key;

/// Answers, ends, holds or resumes a call.
pub(super) fn control(
    phone: &Phone,
    action: CallControl,
    call: Option<&CallId>,
) -> Result<Plan, PlanError> {
    check_no_id(call)?;
    let press = |key| Ok(get(&keys::press(phone, key)?));
    match action {
        CallControl::Answer => press(&Key::Named("ENTER")),
        CallControl::Hangup => Ok(
            get("/command.htm?RELEASE_ALL_CALLS").with_note("all calls of the phone were ended")
        ),
        CallControl::Hold | CallControl::Resume => Ok(press(&Key::HOLD)?.with_note(notes::TOGGLES)),
    }
}

/// Places a call, optionally from a certain identity.
pub(super) fn dial(number: &Number, line: Option<u8>) -> Result<Plan, PlanError> {
    let page = format!("/command.htm?number={}", keys::encoded(number.as_str()));
    let Some(line) = line else {
        return Ok(get(&page));
    };
    let line = identity(line)?;
    Ok(Plan::new([settings_page::fetch(move |dump| {
        match dump.address(line) {
            Some(address) => {
                ReplyOutcome::Then(get(&format!("{page}&outgoing_uri={}", encoded(&address))).steps)
            }
            None => ReplyOutcome::Rejected(format!(
                "line {line} has no identity: the phone's settings user_name{line} and user_host{line} are not set"
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

/// Returns the digits if the phone has keys for all of them.
pub(in super::super) fn plain(digits: &Digits) -> Result<&str, PlanError> {
    let digits = digits.as_str();
    match digits.chars().find(char::is_ascii_alphabetic) {
        None => Ok(digits),
        Some(letter) => Err(PlanError::Unsupported(format!(
            "digits: Snom phones send 0-9 * # only, not {letter}"
        ))),
    }
}

/// Transfers the call key by key, with pauses for the screen.
pub(super) fn transfer(
    phone: &Phone,
    number: &Number,
    kind: TransferKind,
    call: Option<&CallId>,
) -> Result<Plan, PlanError> {
    check_no_id(call)?;
    let press = |key: &Key| keys::press(phone, key);
    let digits = number.as_str().chars().map(|digit| {
        let mut buffer = [0; 4];
        Key::find(phone, digit.encode_utf8(&mut buffer)).and_then(|key| press(&key))
    });
    let digits = digits.collect::<Result<Vec<_>, _>>().map_err(|_| {
        PlanError::unsupported(
            "number: over HTTP Snom phones transfer to 0-9 * # only; try via=csta",
        )
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
    // With this setting the phone asks which held call to use; the first is preselected.
    let end = settings_page::fetch_if_shown(move |dump| {
        let asks = matches!(dump.value("call_join_xfer"), Some("on" | "always"));
        let mut pages = vec![vec![transfer.clone()]];
        pages.extend(asks.then(|| vec![enter.clone()]));
        ReplyOutcome::Then(paced(pages))
    });
    steps.extend([Step::Pause(SETTLE_DELAY), end]);
    Ok(Plan::new(steps).with_note(notes::NO_WAIT))
}

/// Requests pages in order, with a pause between groups.
fn paced(groups: Vec<Vec<String>>) -> Vec<Step> {
    let mut steps = Vec::new();
    for group in groups {
        if !steps.is_empty() {
            steps.push(Step::Pause(SETTLE_DELAY));
        }
        steps.extend(group.iter().flat_map(|page| get(page).steps));
    }
    steps
}

fn check_no_id(call: Option<&CallId>) -> Result<(), PlanError> {
    match call {
        None => Ok(()),
        Some(call) => Err(PlanError::Unsupported(format!(
            "over HTTP keys act on the call on the screen; call={call} requires via=csta"
        ))),
    }
}

fn encoded(address: &str) -> String {
    // Phones expect the sign between user and host unencoded.
    web::encoded(address).replace("%40", "@")
}
