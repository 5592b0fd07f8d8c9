//! Keys: portable names and Cisco's own, mapped to the names that `Key:` expects.
//!
//! Cisco's documents disagree: `Key:` takes `NavDwn` and `VolDwn`, while the objects' `KeyItem` takes
//! `NavDown`, and another table prints `VolDown`. All spellings are accepted here. Phones silently
//! discard keys that they do not have, so those are refused before sending.

use super::family::{Family, Support, known_key};
use crate::vendor::PlanError;

/// A key of a phone, with a caveat.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Key {
    /// Cisco's name of the key.
    pub(super) name: String,
    /// The caveat to report.
    pub(super) note: Option<String>,
}

/// Finds a key by its portable or Cisco name on phones of `family`.
pub(super) fn find(family: &Family, requested: &str) -> Result<Key, PlanError> {
    let (name, substitution) = cisco_name(family, requested);
    let Some(name) = known_key(&name) else {
        return Err(PlanError::Unsupported(format!(
            "unknown key {requested}; Cisco phones have keys such as Soft1, Line1, NavUp and KeyPad5"
        )));
    };
    let unverified = match family.has_key(&name) {
        Support::Yes => None,
        Support::Unverified => {
            let title = family.title;
            Some(format!(
                "unverified on real phones: the key {name} of {title}"
            ))
        }
        Support::No => {
            let title = family.title;
            let alias = if requested.eq_ignore_ascii_case(&name) {
                String::new()
            } else {
                format!(" ({requested})")
            };
            return Err(PlanError::Unsupported(format!(
                "{title} has no key {name}{alias}"
            )));
        }
    };
    let notes: Vec<_> = substitution.into_iter().chain(unverified).collect();
    Ok(Key {
        name,
        note: (!notes.is_empty()).then(|| notes.join("; ")),
    })
}

/// Returns Cisco's name of a key, and a note if another key replaces it.
fn cisco_name(family: &Family, requested: &str) -> (String, Option<String>) {
    let upper = requested.to_ascii_uppercase();
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
    let substitute = |name: &'static str, preferred: &str| {
        let note = (name != preferred).then(|| format!("pressed {name} for {requested}"));
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
        "OFFHOOK" => substitute(first(&["Offhook", "Speaker"]), "Offhook"),
        "ONHOOK" => substitute(first(&["OnHook", "Release"]), "OnHook"),
        "MENU" => plain(first(&["Applications", "Settings"])),
        "DIRECTORY" => plain("Directories"),
        "MESSAGE" | "MSG" => plain("Messages"),
        "HELP" => plain("Info"),
        _ => plain(requested),
    }
}

/// The key that holds a call; on the 8800 series it is named by position.
pub(super) const HOLD: &[&str] = &["Hold", "FixedFeature3"];

/// The key that transfers a call.
pub(super) const TRANSFER: &[&str] = &["Transfer", "FixedFeature1"];

/// The key that joins calls.
const CONFERENCE: &[&str] = &["Conference", "FixedFeature2"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Vendor;
    use crate::vendor::testing::Fixture;

    fn check(model: &str, requested: &str) -> String {
        let phone = Fixture::new(Vendor::Cisco, model, "").phone;
        match find(Family::of(&phone), requested) {
            Ok(Key { name, note: None }) => name,
            Ok(Key {
                name,
                note: Some(note),
            }) => format!("{name}: {note}"),
            Err(refused) => format!("refused: {refused}"),
        }
    }

    #[test]
    fn portable_names_and_ciscos_names_are_mapped() {
        for (requested, name) in [
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
            assert_eq!(check("8851", requested), name, "{requested}");
        }
        assert_eq!(check("7841", "HOLD"), "Hold");
        assert_eq!(check("8841-3PCC", "HOLD"), "Hold");
        assert_eq!(check("7970", "MENU"), "Settings");
    }

    #[test]
    fn substituted_and_unverified_keys_are_noted() {
        assert_eq!(
            check("8851", "OFFHOOK"),
            "Speaker: pressed Speaker for OFFHOOK"
        );
        assert_eq!(
            check("8851", "ONHOOK"),
            "Release: pressed Release for ONHOOK"
        );
        assert_eq!(check("7841", "OFFHOOK"), "Offhook");
        let unverified = check("7970", "HOLD");
        assert_eq!(
            unverified,
            "Hold: unverified on real phones: the key Hold of the 7900 series"
        );
    }

    #[test]
    fn missing_key_is_refused_by_name() {
        for (model, requested, words) in [
            ("8851", "CANCEL", "no key NavBack (CANCEL)"),
            ("7841", "LEFT", "no key NavLeft (LEFT)"),
            ("8841-3PCC", "Services", "no key Services"),
            ("8841-3PCC", "MENU", "no key Applications (MENU)"),
            ("8851", "REDIAL", "unknown key REDIAL"),
            ("8851", "F6", "unknown key F6"),
            ("7970", "F0", "unknown key F0"),
        ] {
            let outcome = check(model, requested);
            assert!(
                outcome.starts_with("refused: ") && outcome.contains(words),
                "{outcome}"
            );
        }
    }
}
