//! Keys of action URIs by model and firmware.
//!
//! Source: the tables of the administrator's guides for T2, T4, T5 and CP phones, V73 to V86. Portable
//! names (`HOLD`, `#`, `P1`) are mapped to Yealink's. Names are case-sensitive on the phone, but not
//! here.

use std::time::Duration;

use super::action_uri::ActionUri;
use super::handset::Handset;
use super::model::Model;
use crate::vendor::{Plan, PlanError};
use crate::verb::{Digits, KeyPress};

impl Handset<'_> {
    /// Presses keys in order: in chains if the model supports them, else one at a time.
    pub(super) fn press(&self, presses: &[KeyPress]) -> Result<Plan, PlanError> {
        let mut runs = Vec::new();
        let mut run = Vec::new();
        for press in presses {
            let name = press.key.as_str();
            if press.hold.is_some() {
                return Err(PlanError::unsupported(format!(
                    "keys: {name} cannot be held; action URIs support only short presses"
                )));
            }
            run.push(key(&self.model, name)?);
            if press.pause.is_some() || !self.model.takes_chains() {
                runs.push((std::mem::take(&mut run), press.pause));
            }
        }
        if !run.is_empty() {
            runs.push((run, None));
        }
        self.press_runs(&runs)
    }

    /// Sends digits as keys of the keypad.
    pub(super) fn dtmf(&self, digits: &Digits) -> Result<Plan, PlanError> {
        let keys = digits
            .as_str()
            .chars()
            .map(|digit| key(&self.model, &digit.to_string()))
            .collect::<Result<Vec<_>, _>>()?;
        let runs: Vec<_> = if self.model.takes_chains() {
            vec![(keys, None)]
        } else {
            keys.into_iter().map(|key| (vec![key], None)).collect()
        };
        self.press_runs(&runs)
    }

    fn press_runs(&self, runs: &[(Vec<String>, Option<Duration>)]) -> Result<Plan, PlanError> {
        let remote = self.remote()?;
        let mut plan = Plan::default();
        // Runs without a pause in between are sent together, in order.
        let mut together = Vec::new();
        for (keys, pause) in runs {
            together.push(ActionUri::keys(keys));
            if let Some(pause) = pause {
                plan = plan.then(remote.plan_all(&together)).then_pause(*pause);
                together.clear();
            }
        }
        Ok(plan.then(remote.plan_all(&together)))
    }
}

/// Returns Yealink's name of a key.
fn key(model: &Model, name: &str) -> Result<String, PlanError> {
    let upper = name.to_ascii_uppercase();
    if let Some(why) = refused_command(&upper) {
        return Err(PlanError::unsupported(format!("keys: {name} {why}")));
    }
    if let Some(numbered) = numbered(model, &upper)? {
        return Ok(numbered);
    }
    let row = KEYS.iter().find(|row| row.names.contains(&upper.as_str()));
    let Some(row) = row else {
        return Err(PlanError::Unsupported(format!(
            "keys: {} has no key {name}",
            model.title()
        )));
    };
    // Older releases have only X.
    if row.key == "CANCEL" && model.is_before(row.since) {
        return Ok("X".to_owned());
    }
    model.require_release(row.since, &format!("keys: {name}"))?;
    if model.is_one_of(row.not_on) {
        return Err(PlanError::Unsupported(format!(
            "keys: {} has no key {name}",
            model.title()
        )));
    }
    Ok(row.key.to_owned())
}

/// Returns why a command that the guides list among the keys is refused.
fn refused_command(upper: &str) -> Option<&'static str> {
    match upper {
        "RESET" => Some("would reset the phone to factory settings, which handsetd refuses"),
        "REBOOT" => Some("restarts the phone; use the verb reboot"),
        "AUTOP" => Some("reloads the configuration; use the verb resync"),
        "DND" => Some("is not a key of action URIs; use the verb dnd"),
        _ => None,
    }
}

/// Parses a digit or a numbered key: `L1`, `P1`, `D1`, `F1`.
fn numbered(model: &Model, upper: &str) -> Result<Option<String>, PlanError> {
    if upper.len() == 1 && upper.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Some(upper.to_owned()));
    }
    let Some((kind, digits)) = upper.split_at_checked(1) else {
        return Ok(None);
    };
    let number: u8 = match digits.parse() {
        Ok(number) if !digits.starts_with(['0', '+']) => number,
        _ => return Ok(None),
    };
    let (kind, max, title) = match kind {
        "L" | "P" => ("L", model.line_keys().unwrap_or(MAX_LINE_KEYS), "line keys"),
        "F" => ("F", 4, "soft keys"),
        // Only tables before V80 list memory keys.
        "D" if model.is_before(80) => ("D", 10, "memory keys"),
        _ => return Ok(None),
    };
    if number > max {
        return Err(PlanError::Unsupported(format!(
            "keys: {upper} exceeds the {max} {title} of {}",
            model.title()
        )));
    }
    Ok(Some(format!("{kind}{number}")))
}

/// A key, and the models and releases that have it.
#[derive(Clone, Copy)]
struct Row {
    /// Yealink's name.
    key: &'static str,
    /// The accepted names, in upper case.
    names: &'static [&'static str],
    /// The first release that has it.
    since: u32,
    /// The models that lack it.
    not_on: &'static [&'static str],
}

const fn row(key: &'static str, names: &'static [&'static str]) -> Row {
    Row {
        key,
        names,
        since: 0,
        not_on: &[],
    }
}

const fn since(since: u32, row: Row) -> Row {
    Row { since, ..row }
}

const fn not_on(not_on: &'static [&'static str], row: Row) -> Row {
    Row { not_on, ..row }
}

const KEYS: &[Row] = &[
    row("*", &["*", "STAR"]),
    row("POUND", &["#", "POUND", "HASH"]),
    not_on(NO_OK, row("OK", &["OK"])),
    not_on(&["T57", "T48"], row("ENTER", &["ENTER"])),
    not_on(
        &["CP920", "CP925", "CP935"],
        row("SPEAKER", &["SPEAKER", "HANDFREE"]),
    ),
    row("HEADSET", &["HEADSET"]),
    row("MUTE", &["MUTE"]),
    row("MSG", &["MSG", "MESSAGES", "MESSAGE"]),
    row("RD", &["RD", "REDIAL"]),
    row("VOLUME_UP", &["VOLUME_UP"]),
    row("VOLUME_DOWN", &["VOLUME_DOWN"]),
    row("F_TRANSFER", &["F_TRANSFER", "TRANSFER"]),
    row("F_HOLD", &["F_HOLD", "HOLD"]),
    row("F_CONFERENCE", &["F_CONFERENCE", "CONFERENCE"]),
    row("X", &["X"]),
    since(80, row("CANCEL", &["CANCEL"])),
    row("UP", &["UP"]),
    row("DOWN", &["DOWN"]),
    row("LEFT", &["LEFT"]),
    row("RIGHT", &["RIGHT"]),
    row("DNDOn", &["DNDON"]),
    row("DNDOff", &["DNDOFF"]),
    since(73, row("OFFHOOK", &["OFFHOOK"])),
    since(73, row("ONHOOK", &["ONHOOK"])),
    since(73, row("ANSWER", &["ANSWER"])),
    since(80, row("ASW", &["ASW"])),
    row("CALLEND", &["CALLEND"]),
    row("SWAP", &["SWAP"]),
    row("SPLIT", &["SPLIT"]),
    row("CallWaitingOn", &["CALLWAITINGON"]),
    row("CallWaitingOff", &["CALLWAITINGOFF"]),
];

/// The models without an OK key.
pub(super) const NO_OK: &[&str] = &["T57", "CP925", "CP935"];

/// The most line keys that any model has.
const MAX_LINE_KEYS: u8 = 29;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::phone::Vendor;
    use crate::vendor::testing::Fixture;

    fn model(name: &str, firmware: &str) -> Model {
        Model::of(&Fixture::new(Vendor::Yealink, name, firmware).phone)
    }

    #[test]
    fn portable_names_are_mapped_to_yealinks_names() {
        let model = model("T46G", "28.84.0.1");
        for (name, expected) in [
            ("1", "1"),
            ("*", "*"),
            ("#", "POUND"),
            ("ok", "OK"),
            ("HOLD", "F_HOLD"),
            ("CANCEL", "CANCEL"),
            ("P27", "L27"),
            ("F4", "F4"),
            ("TRANSFER", "F_TRANSFER"),
            ("REDIAL", "RD"),
            ("MESSAGES", "MSG"),
            ("volume_up", "VOLUME_UP"),
            ("dndon", "DNDOn"),
            ("Asw", "ASW"),
        ] {
            assert_eq!(key(&model, name).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn missing_keys_are_refused_by_name() {
        for (phone, firmware, name, why) in [
            ("T57W", "96.86.0.5", "OK", "a Yealink T57W has no key OK"),
            ("CP935W", "", "OK", "CP935W has no key OK"),
            ("CP920", "", "SPEAKER", "has no key SPEAKER"),
            ("T48U", "", "ENTER", "has no key ENTER"),
            ("T21P", "", "L3", "L3 exceeds the 2 line keys"),
            ("T54W", "", "L28", "exceeds the 27 line keys"),
            ("T46G", "", "F5", "exceeds the 4 soft keys"),
            ("T46G", "28.72.0.1", "OFFHOOK", "requires firmware V73"),
            ("T46G", "28.73.0.1", "ASW", "requires firmware V80"),
            ("T46G", "28.83.0.1", "D1", "a Yealink T46G has no key D1"),
            ("", "", "MENU", "a Yealink phone has no key MENU"),
            ("", "", "L0", "has no key L0"),
            ("", "", "Reset", "factory settings"),
            ("", "", "reboot", "use the verb reboot"),
            ("", "", "AutoP", "use the verb resync"),
            ("", "", "DND", "use the verb dnd"),
            ("", "", "A", "has no key A"),
        ] {
            let refused = key(&model(phone, firmware), name).unwrap_err().to_string();
            assert!(refused.contains(why), "{name} on {phone}: {refused}");
        }
        assert_eq!(key(&model("T28P", "2.70.0.1"), "D10").unwrap(), "D10");
        assert_eq!(key(&model("T28P", "2.73.0.1"), "CANCEL").unwrap(), "X");
    }

    proptest! {
        #[test]
        fn key_names_cannot_inject_keys(name in "[A-Za-z0-9_*#]{1,32}") {
            if let Ok(key) = key(&model("", ""), &name) {
                prop_assert!(!key.contains([';', '&', '=', ':', '#']));
                prop_assert!(!matches!(key.as_str(), "Reset" | "Reboot" | "AutoP"));
            }
        }
    }
}
