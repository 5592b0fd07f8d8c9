//! Presses of keys.

use std::time::Duration;

use super::execute::{self, Item};
use super::family::Family;
use super::key_names;
use super::timing::KEY_DELAY;
use super::uri::Uri;
use crate::phone::Phone;
use crate::vendor::{Plan, PlanError};
use crate::verb::KeyPress;

/// Plans key presses, one request each, since a phone may reorder the keys of one request.
pub(super) fn press(phone: &Phone, presses: &[KeyPress]) -> Result<Plan, PlanError> {
    let family = Family::of(phone);
    let mut plan = Plan::default();
    for (at, press) in presses.iter().enumerate() {
        if press.hold.is_some() {
            return Err(PlanError::Unsupported(format!(
                "keys: {} cannot be held; Cisco phones support only short presses",
                press.key.as_str()
            )));
        }
        let key = key_names::find(family, press.key.as_str())?;
        plan = plan.then(press_one(phone, &key.name)?);
        if let Some(note) = key.note {
            plan = plan.with_note(note);
        }
        let is_last = at + 1 == presses.len();
        let default = pause_after(press.key.as_str()).filter(|_| !is_last);
        if let Some(pause) = press.pause.or(default) {
            plan = plan.then_pause(pause);
        }
    }
    Ok(plan)
}

/// Plans the press of one key, given by Cisco's name.
pub(super) fn press_one(phone: &Phone, name: &str) -> Result<Plan, PlanError> {
    execute::plan(phone, &[Item::uri(Uri::key(name))])
}

/// Returns the names of the keys that dial or send `digits`.
pub(super) fn digits(digits: &str) -> Result<Vec<String>, PlanError> {
    let key = |c: char| match c {
        '0'..='9' => Ok(format!("KeyPad{c}")),
        '*' => Ok("KeyPadStar".to_owned()),
        '#' => Ok("KeyPadPound".to_owned()),
        other => Err(PlanError::Unsupported(format!(
            "Cisco phones have keys for 0-9, * and # only, not for {other:?}"
        ))),
    };
    digits.chars().map(key).collect()
}

/// Returns the pause that a phone needs after a key; digits need none.
fn pause_after(name: &str) -> Option<Duration> {
    let is_digit = name.len() == 1 || name.starts_with("KeyPad");
    (!is_digit).then_some(KEY_DELAY)
}
