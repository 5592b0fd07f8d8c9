//! Keys: the names that all vendors share and Cisco's own, as `Key:` wants them.
//!
//! A trap of Cisco's documents: `Key:` knows `NavDwn` and `VolDwn`, while the objects' `KeyItem`
//! knows `NavDown`, and another table prints `VolDown`. All of them are understood here. A key that
//! a phone does not have is discarded without a word, so it is refused before.

use std::time::Duration;

use super::execute::{self, Item};
use super::family::{Family, Support, known_key};
use super::uri::Uri;
use crate::phone::Phone;
use crate::vendor::{Plan, PlanError};
use crate::verb::KeyPress;

/// A key of a phone, and what is to be said of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Key {
    /// Cisco's name.
    pub(super) name: String,
    /// What whoever asked should know.
    pub(super) note: Option<String>,
}

/// Finds the key that a name means on phones of `family`.
pub(super) fn find(family: &Family, asked: &str) -> Result<Key, PlanError> {
    let (name, said) = meant(family, asked);
    let Some(name) = known_key(&name) else {
        return Err(PlanError::Unsupported(format!(
            "{asked} is no key of a Cisco phone; write Soft1, Line1, NavUp, KeyPad5 or the like"
        )));
    };
    let unproven = match family.has_key(&name) {
        Support::Yes => None,
        Support::Unproven => {
            let title = family.title;
            Some(format!("that {title} has a key {name} is unproven"))
        }
        Support::No => {
            let title = family.title;
            let alias = if asked.eq_ignore_ascii_case(&name) {
                String::new()
            } else {
                format!(" ({asked})")
            };
            return Err(PlanError::Unsupported(format!(
                "{title} has no key {name}{alias}, and would say nothing"
            )));
        }
    };
    let notes: Vec<_> = said.into_iter().chain(unproven).collect();
    Ok(Key {
        name,
        note: (!notes.is_empty()).then(|| notes.join("; ")),
    })
}

/// Says how `phone` is told to press `keys`: one at a time, since the order of several in one
/// request is left to the phone.
pub(super) fn press(phone: &Phone, presses: &[KeyPress]) -> Result<Plan, PlanError> {
    let family = Family::of(phone);
    let mut plan = Plan::default();
    for (at, press) in presses.iter().enumerate() {
        if press.hold.is_some() {
            return Err(PlanError::Unsupported(format!(
                "keys: {} can't be held; a Cisco phone presses keys for a moment only",
                press.key.as_str()
            )));
        }
        let key = find(family, press.key.as_str())?;
        plan = plan.then(stroke(phone, &key.name)?);
        if let Some(note) = key.note {
            plan = plan.with_note(note);
        }
        let is_last = at + 1 == presses.len();
        let usual = pause_after(press.key.as_str()).filter(|_| !is_last);
        if let Some(pause) = press.pause.or(usual) {
            plan = plan.then_pause(pause);
        }
    }
    Ok(plan)
}

/// Says how `phone` is told to press one key of its own.
pub(super) fn stroke(phone: &Phone, name: &str) -> Result<Plan, PlanError> {
    execute::plan(phone, &[Item::uri(Uri::key(name))])
}

/// Returns the keys that dial or send `digits`.
pub(super) fn digits(digits: &str) -> Result<Vec<String>, PlanError> {
    let key = |c: char| match c {
        '0'..='9' => Ok(format!("KeyPad{c}")),
        '*' => Ok("KeyPadStar".to_owned()),
        '#' => Ok("KeyPadPound".to_owned()),
        other => Err(PlanError::Unsupported(format!(
            "the phone has no key for {other:?}, only for 0-9, * and #"
        ))),
    };
    digits.chars().map(key).collect()
}

/// Returns the pause that a phone needs after a key: its soft keys change, and what comes meanwhile
/// is discarded. Digits need none.
fn pause_after(name: &str) -> Option<Duration> {
    let is_digit = name.len() == 1 || name.starts_with("KeyPad");
    (!is_digit).then_some(SETTLING)
}

/// Returns Cisco's name for what was asked, and what to say of it.
fn meant(family: &Family, asked: &str) -> (String, Option<String>) {
    let upper = asked.to_ascii_uppercase();
    let numbered = |prefix: &str| {
        let number = upper.strip_prefix(prefix)?;
        number
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| number.parse::<u8>().ok())?
    };
    if let Some(number) = numbered("F") {
        return (format!("Soft{number}"), None);
    }
    if let Some(number) = numbered("P").or_else(|| numbered("L")) {
        return (format!("Line{number}"), None);
    }
    let plain = |name: &str| (name.to_owned(), None);
    // What is pressed instead of a key that the phone does not have.
    let instead = |name: &'static str, of: &str| {
        let note = (name != of).then(|| format!("{asked} is pressed as {name}"));
        (name.to_owned(), note)
    };
    let first = |names: &[&'static str]| family.first_key(names).unwrap_or(names[0]);
    match upper.as_str() {
        "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" => {
            plain(&format!("KeyPad{upper}"))
        }
        "*" | "STAR" => plain("KeyPadStar"),
        "#" | "POUND" => plain("KeyPadPound"),
        "UP" => plain("NavUp"),
        "DOWN" | "NAVDOWN" => plain("NavDwn"),
        "LEFT" => plain("NavLeft"),
        "RIGHT" => plain("NavRight"),
        "OK" | "ENTER" | "SELECT" => plain("NavSelect"),
        "BACK" | "CANCEL" | "X" => plain("NavBack"),
        "VOLUME_UP" => plain("VolUp"),
        "VOLUME_DOWN" | "VOLDOWN" => plain("VolDwn"),
        "HOLD" | "F_HOLD" => plain(first(HOLD)),
        "TRANSFER" | "F_TRANSFER" => plain(first(TRANSFER)),
        "CONFERENCE" | "F_CONFERENCE" => plain(first(CONFERENCE)),
        "OFFHOOK" => instead(first(&["Offhook", "Speaker"]), "Offhook"),
        "ONHOOK" => instead(first(&["OnHook", "Release"]), "OnHook"),
        "MENU" => plain(first(&["Applications", "Settings"])),
        "DIRECTORY" => plain("Directories"),
        "MESSAGE" | "MSG" => plain("Messages"),
        "HELP" => plain("Info"),
        _ => plain(asked),
    }
}

/// The key that holds a call; the 8800 series calls it by its place.
pub(super) const HOLD: &[&str] = &["Hold", "FixedFeature3"];

/// The key that transfers a call.
pub(super) const TRANSFER: &[&str] = &["Transfer", "FixedFeature1"];

/// The key that joins calls.
const CONFERENCE: &[&str] = &["Conference", "FixedFeature2"];

/// How long the soft keys take to change, as the tools in the field wait.
const SETTLING: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Vendor;
    use crate::vendor::testing::Bench;

    fn check(model: &str, asked: &str) -> String {
        let phone = Bench::new(Vendor::Cisco, model, "").phone;
        match find(Family::of(&phone), asked) {
            Ok(Key { name, note: None }) => name,
            Ok(Key {
                name,
                note: Some(note),
            }) => format!("{name}: {note}"),
            Err(refused) => format!("refused: {refused}"),
        }
    }

    #[test]
    fn portable_names_and_ciscos_own_mean_its_keys() {
        for (asked, name) in [
            ("1", "KeyPad1"),
            ("*", "KeyPadStar"),
            ("#", "KeyPadPound"),
            ("OK", "NavSelect"),
            ("UP", "NavUp"),
            ("DOWN", "NavDwn"),
            ("NavDown", "NavDwn"),
            ("NavDwn", "NavDwn"),
            ("voldown", "VolDwn"),
            ("VOLUME_UP", "VolUp"),
            ("SPEAKER", "Speaker"),
            ("MUTE", "Mute"),
            ("F1", "Soft1"),
            ("P3", "Line3"),
            ("L12", "Line12"),
            ("MENU", "Applications"),
            ("HOLD", "FixedFeature3"),
            ("TRANSFER", "FixedFeature1"),
            ("Session2", "Session2"),
        ] {
            assert_eq!(check("8851", asked), name, "{asked}");
        }
        assert_eq!(check("7841", "HOLD"), "Hold");
        assert_eq!(check("8841-3PCC", "HOLD"), "Hold");
        assert_eq!(check("7970", "MENU"), "Settings");
    }

    #[test]
    fn what_is_pressed_instead_or_on_trust_is_told() {
        assert_eq!(
            check("8851", "OFFHOOK"),
            "Speaker: OFFHOOK is pressed as Speaker"
        );
        assert_eq!(
            check("8851", "ONHOOK"),
            "Release: ONHOOK is pressed as Release"
        );
        assert_eq!(check("7841", "OFFHOOK"), "Offhook");
        let unproven = check("7970", "HOLD");
        assert_eq!(
            unproven,
            "Hold: that the 7900 series has a key Hold is unproven"
        );
    }

    #[test]
    fn a_key_that_is_not_there_is_refused_by_its_name() {
        for (model, asked, words) in [
            ("8851", "CANCEL", "no key NavBack (CANCEL)"),
            ("7841", "LEFT", "no key NavLeft (LEFT)"),
            ("8841-3PCC", "Services", "no key Services,"),
            ("8841-3PCC", "MENU", "no key Applications (MENU)"),
            ("8851", "REDIAL", "REDIAL is no key"),
            ("8851", "F6", "F6 is no key"),
            ("7970", "F0", "F0 is no key"),
        ] {
            let told = check(model, asked);
            assert!(
                told.starts_with("refused: ") && told.contains(words),
                "{told}"
            );
        }
    }
}
