//! Documents that show nothing and press a key, dial or set something: the remote control of phones
//! that have no other.
//!
//! Sources: "SIP NOTIFY using Minibrowser Syntax" (since firmware 10.1.82.0), the fragments of the
//! minibrowser's URLs.

use std::time::Duration;

use super::super::document::{self, EXIT, STAY, encoded};
use super::super::execute::joined;
use super::super::keys::Key;
use super::super::{TRUSTED, web};
use super::{SETTLING, carried, model, pushed};
use crate::documents::Documents;
use crate::phone::Phone;
use crate::screen::Number;
use crate::vendor::{Plan, PlanError};
use crate::verb::KeyPress;

/// Returns the URL that dials a number.
pub(in super::super) fn dialing(number: &Number) -> String {
    format!("{EXIT}#numberdial={}", encoded(number.as_str()))
}

/// Returns the URL that presses a key.
pub(super) fn pressing(key: &str) -> String {
    format!("{STAY}#key={}", encoded(key))
}

/// Sends the document that leads to a URL of the phone's own.
pub(super) fn of(phone: &Phone, url: &str) -> Result<Plan, PlanError> {
    Ok(noted(phone, pushed(&silent(phone, url)?)))
}

/// Presses keys, one NOTIFY each.
pub(super) fn keys(phone: &Phone, keys: &[Key]) -> Result<Plan, PlanError> {
    let presses = keys.iter().map(|key| document_of(phone, key));
    let documents = presses.collect::<Result<Vec<_>, _>>()?;
    Ok(in_turn(phone, &documents))
}

/// Presses the keys of digits, one NOTIFY each.
pub(super) fn each(phone: &Phone, digits: impl Iterator<Item = char>) -> Result<Plan, PlanError> {
    let keys = digits.map(|digit| Key::find(phone, digit.encode_utf8(&mut [0; 4])));
    self::keys(phone, &keys.collect::<Result<Vec<_>, _>>()?)
}

/// Presses keys as they were asked for, one NOTIFY each.
pub(super) fn pressed(phone: &Phone, list: &[KeyPress]) -> Result<Plan, PlanError> {
    let documents = presses(phone, list)?;
    let unproven = documents.iter().any(|(_, known)| !known);
    let last = documents.len().saturating_sub(1);
    let mut plan = Plan::default();
    for (at, ((document, _), press)) in documents.iter().zip(list).enumerate() {
        plan = plan.then(pushed(document));
        if at < last {
            plan = plan.then_pause(press.pause.unwrap_or_default().max(SETTLING));
        }
    }
    Ok(noted_keys(phone, plan, unproven))
}

/// Returns the documents that press keys, and whether each is known to do something.
pub(in super::super) fn presses(
    phone: &Phone,
    list: &[KeyPress],
) -> Result<Vec<(String, bool)>, PlanError> {
    let each = list.iter().map(|press| {
        let name = press.key.as_str();
        if press.hold.is_some_and(|hold| hold > Duration::ZERO) {
            return Err(PlanError::Unsupported(format!(
                "keys: by NOTIFY no key is held down, and {name} shall be"
            )));
        }
        document_of(phone, &Key::find(phone, name)?)
    });
    each.collect()
}

/// Writes settings. The phone does not say whether it took them.
pub(super) fn set(
    phone: &Phone,
    settings: &[(String, String)],
    documents: &Documents,
) -> Result<Plan, PlanError> {
    let commands = settings
        .iter()
        .map(|(name, value)| format!("set:{name}={}", web::encoded(value)));
    let url = format!("{STAY}#{}", commands.collect::<Vec<_>>().join("&"));
    let plan = carried(silent(phone, &url)?, documents);
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
        "firmware {firmware} is not controlled by NOTIFY; 10.1.82.0 and later are"
    )))
}

fn in_turn(phone: &Phone, documents: &[(String, bool)]) -> Plan {
    let unproven = documents.iter().any(|(_, known)| !known);
    let plan = joined(documents.iter().map(|(document, _)| pushed(document)));
    noted_keys(phone, plan, unproven)
}

fn noted_keys(phone: &Phone, plan: Plan, unproven: bool) -> Plan {
    let plan = noted(phone, plan);
    if unproven {
        plan.with_note("that all of these keys do something by NOTIFY is unproven on real phones")
    } else {
        plan
    }
}

fn noted(phone: &Phone, plan: Plan) -> Plan {
    if model::is_d8(phone) {
        plan
    } else {
        plan.with_note("what keys do by NOTIFY is proven on a D862 only")
    }
}
