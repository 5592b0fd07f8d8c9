//! Command documents: they show nothing, but press a key, dial or change settings. Phones without
//! HTTP are controlled this way.
//!
//! Sources: "SIP NOTIFY using Minibrowser Syntax" (since firmware 10.1.82.0), the fragments of the
//! minibrowser's URLs.

use std::time::Duration;

use super::document::{self, EXIT, STAY, encoded};
use super::keys::Key;
use super::notes::TRUSTED;
use super::notify_document::{push_or_fetch, pushed};
use super::timing::{SETTLE_DELAY, join_paced};
use super::{model, web};
use crate::documents::Documents;
use crate::phone::Phone;
use crate::screen::Number;
use crate::vendor::{Plan, PlanError};
use crate::verb::KeyPress;

/// Returns the URL that dials a number.
pub(super) fn dialing(number: &Number) -> String {
    format!("{EXIT}#numberdial={}", encoded(number.as_str()))
}

/// Returns the URL that presses a key.
pub(super) fn pressing(key: &str) -> String {
    format!("{STAY}#key={}", encoded(key))
}

/// Plans to send a document that redirects to a special URL.
pub(super) fn of(phone: &Phone, url: &str) -> Result<Plan, PlanError> {
    Ok(noted(phone, pushed(&silent(phone, url)?)))
}

/// Plans to press keys, one NOTIFY each.
pub(super) fn keys(phone: &Phone, keys: &[Key]) -> Result<Plan, PlanError> {
    let presses = keys.iter().map(|key| document_of(phone, key));
    let documents = presses.collect::<Result<Vec<_>, _>>()?;
    Ok(in_turn(phone, &documents))
}

/// Plans to press the keys of digits, one NOTIFY each.
pub(super) fn digits(phone: &Phone, digits: impl Iterator<Item = char>) -> Result<Plan, PlanError> {
    let keys = digits.map(|digit| Key::find(phone, digit.encode_utf8(&mut [0; 4])));
    self::keys(phone, &keys.collect::<Result<Vec<_>, _>>()?)
}

/// Plans the key presses of a request, one NOTIFY each.
pub(super) fn pressed(phone: &Phone, list: &[KeyPress]) -> Result<Plan, PlanError> {
    let documents = presses(phone, list)?;
    let unverified = documents.iter().any(|(_, known)| !known);
    let last = documents.len().saturating_sub(1);
    let mut plan = Plan::default();
    for (at, ((document, _), press)) in documents.iter().zip(list).enumerate() {
        plan = plan.then(pushed(document));
        if at < last {
            plan = plan.then_pause(press.pause.unwrap_or_default().max(SETTLE_DELAY));
        }
    }
    Ok(noted_keys(phone, plan, unverified))
}

/// Returns the documents that press keys, and whether each key is known to work.
pub(super) fn presses(phone: &Phone, list: &[KeyPress]) -> Result<Vec<(String, bool)>, PlanError> {
    let each = list.iter().map(|press| {
        let name = press.key.as_str();
        if press.hold.is_some_and(|hold| hold > Duration::ZERO) {
            return Err(PlanError::Unsupported(format!(
                "keys: {name} cannot be held by NOTIFY; omit the hold time or use via=http"
            )));
        }
        document_of(phone, &Key::find(phone, name)?)
    });
    each.collect()
}

/// Plans to write settings, which the phone does not confirm.
pub(super) fn set(
    phone: &Phone,
    settings: &[(String, String)],
    documents: &Documents,
) -> Result<Plan, PlanError> {
    let commands = settings
        .iter()
        .map(|(name, value)| format!("set:{name}={}", web::encoded(value)));
    let url = format!("{STAY}#{}", commands.collect::<Vec<_>>().join("&"));
    let plan = push_or_fetch(silent(phone, &url)?, documents);
    Ok(plan.with_note(TRUSTED))
}

fn document_of(phone: &Phone, key: &Key) -> Result<(String, bool), PlanError> {
    let (name, known) = key.in_fragment(phone)?;
    Ok((silent(phone, &pressing(&name))?, known))
}

fn silent(phone: &Phone, url: &str) -> Result<String, PlanError> {
    if document::knows_silent(phone) {
        return Ok(document::silent(url));
    }
    let firmware = &phone.firmware;
    Err(PlanError::Unsupported(format!(
        "firmware {firmware} does not support control by NOTIFY; 10.1.82.0 and later do"
    )))
}

fn in_turn(phone: &Phone, documents: &[(String, bool)]) -> Plan {
    let unverified = documents.iter().any(|(_, known)| !known);
    let plan = join_paced(documents.iter().map(|(document, _)| pushed(document)));
    noted_keys(phone, plan, unverified)
}

fn noted_keys(phone: &Phone, plan: Plan, unverified: bool) -> Plan {
    let plan = noted(phone, plan);
    if unverified {
        plan.with_note("unverified on real phones: some of these keys by NOTIFY")
    } else {
        plan
    }
}

fn noted(phone: &Phone, plan: Plan) -> Plan {
    if model::is_d8(phone) {
        plan
    } else {
        plan.with_note("keys by NOTIFY are verified on a D862 only")
    }
}
