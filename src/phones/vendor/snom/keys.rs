//! The keys of a Snom phone: the names that they have for people, for `command.htm` and for the
//! minibrowser, each checked against the model and its firmware before anything is sent.
//!
//! Sources: "Remote phone control" (key events), and for the names of the minibrowser's `#key=` what
//! was tried on a D862.

use std::time::Duration;

use crate::phone::Phone;
use crate::vendor::PlanError;
use crate::verb::KeyPress;

use super::model;

/// A key of one certain phone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Key {
    /// `EK0` and on: the keys of an expansion module.
    Module(u16),
    /// `P1` and on: programmable.
    Function(u16),
    /// Any other, by the name that `command.htm` has for it.
    Named(&'static str),
    /// `F1` and on: below the display.
    Soft(u16),
}

impl Key {
    /// The key that holds a call, and takes it back.
    pub(super) const HOLD: Self = Self::Named("F_HOLD");

    /// Finds the key of `phone` that is called so, in the words that all phones share or in Snom's
    /// own.
    pub(super) fn find(phone: &Phone, name: &str) -> Result<Self, PlanError> {
        let name = name.to_ascii_uppercase();
        let unsupported = |why: &str| Err(PlanError::unsupported(format!("the key {name} {why}")));
        if let Some(number) = numbered(&name, &["EK"]) {
            if !model::has_module_keys(phone) {
                return unsupported("is one of the modules of the 3xx series");
            }
            return Ok(Self::Module(number));
        }
        if let Some(number) = numbered(&name, &["P", "L"]) {
            let most = model::function_keys(phone);
            if !(1..=most).contains(&number) {
                return unsupported(&format!("is not there; this phone has P1 to P{most}"));
            }
            return Ok(Self::Function(number));
        }
        if let Some(number) = numbered(&name, &["F"]) {
            if !model::has_soft_key(phone, number) {
                return unsupported("is not there; this phone has no such key below its display");
            }
            return Ok(Self::Soft(number));
        }
        let named = ALIASES.iter().find(|(alias, _)| *alias == name);
        let named = named.map_or(name.as_str(), |(_, name)| name);
        match KEYS.iter().find(|known| **known == named) {
            Some(&"MENU") if !phone.firmware.is_older_than(&[7]) => {
                unsupported("is there before firmware 7 only")
            }
            Some(known) => Ok(Self::Named(known)),
            None => Err(PlanError::Unsupported(format!(
                "a Snom phone has no key {name}; its keys are 0-9 * # {} P1 F1 EK0 and on",
                KEYS.get(DIGITS..).unwrap_or_default().join(" ")
            ))),
        }
    }

    /// Returns the name that `command.htm` has for it.
    pub(super) fn in_command(&self, phone: &Phone) -> Result<String, PlanError> {
        match self {
            Self::Named("F_CONFERENCE") => Err(PlanError::unsupported(
                "the key CONFERENCE has no name for HTTP; it goes by via=notify",
            )),
            // The hold key has this name since 8.7.3.7.
            Self::Named("F_HOLD") if phone.firmware.is_older_than(&[8, 7, 3, 7]) => {
                Ok("F_R".to_owned())
            }
            key => Ok(key.plain()),
        }
    }

    /// Returns the name that the minibrowser has for it, and whether it is known to do something.
    pub(super) fn in_fragment(&self, phone: &Phone) -> Result<(String, bool), PlanError> {
        let known = |name: &str| Ok((name.to_owned(), true));
        match self {
            Self::Named("CANCEL") => known("F_CANCEL"),
            Self::Named("DND") => known("F_DND"),
            Self::Named("MUTE") => known("F_MUTE"),
            Self::Named("TRANSFER") => known("F_TRANSFER"),
            Self::Named("ENTER" | "F_CONFERENCE" | "F_HOLD") => Ok((self.plain(), true)),
            Self::Named("OFFHOOK") if model::is_d8(phone) => Err(PlanError::unsupported(
                "the key OFFHOOK does nothing on the D8 series; ENTER takes a call",
            )),
            key => Ok((key.plain(), false)),
        }
    }

    fn plain(&self) -> String {
        match self {
            Self::Function(number) => format!("P{number}"),
            Self::Module(number) => format!("EK{number}"),
            Self::Named(name) => (*name).to_owned(),
            Self::Soft(number) => format!("F{number}"),
        }
    }
}

/// Returns the page that presses keys: `KEY[,HELD[,PAUSE]]`, with `;` between them.
pub(super) fn page(phone: &Phone, presses: &[KeyPress]) -> Result<String, PlanError> {
    let events = presses.iter().map(|press| {
        let name = Key::find(phone, press.key.as_str())?.in_command(phone)?;
        let event = encoded(&name);
        let millis = |time: Duration| time.as_millis();
        Ok(match (press.hold.map(millis), press.pause.map(millis)) {
            (None, None) => event,
            (Some(held), None) => format!("{event},{held}"),
            (held, Some(pause)) => format!("{event},{},{pause}", held.unwrap_or(SHORT)),
        })
    });
    let events = events.collect::<Result<Vec<_>, PlanError>>()?;
    Ok(format!("/command.htm?key={}", events.join(";")))
}

/// Returns the page that presses one key.
pub(super) fn press(phone: &Phone, key: &Key) -> Result<String, PlanError> {
    let name = key.in_command(phone)?;
    Ok(format!("/command.htm?key={}", encoded(&name)))
}

/// Encodes the marks of keys and digits that a browser would take for something else.
pub(super) fn encoded(text: &str) -> String {
    text.replace('#', "%23")
        .replace('*', "%2A")
        .replace('+', "%2B")
}

/// Returns the number behind one of `prefixes`, if nothing else is there.
fn numbered(name: &str, prefixes: &[&str]) -> Option<u16> {
    let digits = prefixes
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

/// How long a short press is, in milliseconds, where a pause follows that must come third.
const SHORT: u128 = 100;

/// How many of the keys are the digits and marks of the keypad.
const DIGITS: usize = 12;

/// The keys by the names that `command.htm` has for them.
const KEYS: [&str; 34] = [
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
    "*",
    "#",
    "CANCEL",
    "ENTER",
    "OFFHOOK",
    "ONHOOK",
    "RIGHT",
    "LEFT",
    "UP",
    "DOWN",
    "VOLUME_UP",
    "VOLUME_DOWN",
    "MENU",
    "MUTE",
    "REDIAL",
    "DND",
    "REC",
    "SPEAKER",
    "HEADSET",
    "TRANSFER",
    "F_HOLD",
    "F_ADR_BOOK",
    "F_CONFERENCE",
    "DISCONNECT",
];

/// Names that other phones, people or the minibrowser have for them.
const ALIASES: [(&str, &str); 22] = [
    ("ANSWER", "ENTER"),
    ("CONF", "F_CONFERENCE"),
    ("CONFERENCE", "F_CONFERENCE"),
    ("DIRECTORY", "F_ADR_BOOK"),
    ("F_CANCEL", "CANCEL"),
    ("F_DND", "DND"),
    ("F_MUTE", "MUTE"),
    ("F_OK", "ENTER"),
    ("F_R", "F_HOLD"),
    ("F_TRANSFER", "TRANSFER"),
    ("HANDSFREE", "SPEAKER"),
    ("HOLD", "F_HOLD"),
    ("OK", "ENTER"),
    ("RD", "REDIAL"),
    ("RECORD", "REC"),
    ("TRAN", "TRANSFER"),
    ("VOLDOWN", "VOLUME_DOWN"),
    ("VOLUP", "VOLUME_UP"),
    ("VOL_DOWN", "VOLUME_DOWN"),
    ("VOL_UP", "VOLUME_UP"),
    ("X", "CANCEL"),
    ("XFER", "TRANSFER"),
];

#[cfg(test)]
mod tests {
    use crate::phone::Vendor;
    use crate::vendor::testing::{Fixture, control_task, exchange};

    fn target(model: &str, firmware: &str, keys: &str) -> Result<String, String> {
        let fixture = Fixture::new(Vendor::Snom, model, firmware);
        let plan = fixture.plan(&control_task("key", &format!("keys={keys}")));
        let plan = plan.map_err(|refused| refused.to_string())?;
        Ok(exchange(&plan).request.target.clone())
    }

    #[test]
    fn keys_are_mapped_and_timed() {
        let target = |keys| target("D785", "10.1.198.12", keys).unwrap();
        assert_eq!(
            target("OFFHOOK,1:800:200,*,#::50,ok,L3,F4"),
            "/command.htm?key=OFFHOOK;1,800,200;%2A;%23,100,50;ENTER;P3;F4"
        );
        assert_eq!(
            target("HOLD,X,XFER,f_adr_book"),
            "/command.htm?key=F_HOLD;CANCEL;TRANSFER;F_ADR_BOOK"
        );
    }

    #[test]
    fn name_of_the_hold_key_depends_on_the_firmware() {
        for (firmware, name) in [
            ("8.7.3.6", "F_R"),
            ("8.7.3.7", "F_HOLD"),
            ("7.3.30", "F_R"),
            ("", "F_HOLD"),
        ] {
            let expected = format!("/command.htm?key={name}");
            assert_eq!(target("370", firmware, "HOLD").unwrap(), expected);
            assert_eq!(target("370", firmware, "F_R").unwrap(), expected);
        }
    }

    #[test]
    fn missing_keys_are_refused_by_name() {
        for (model, key, why) in [
            ("D785", "WINK", "no key WINK"),
            ("D713", "P5", "P1 to P4"),
            ("300", "L0", "P1 to P4"),
            ("D785", "F5", "F5 is not there"),
            ("870", "F1", "F1 is not there"),
            ("200", "F4", "F4 is not there"),
            ("D785", "EK1", "3xx series"),
            ("D785", "MENU", "before firmware 7"),
            ("D785", "CONF", "via=notify"),
        ] {
            let refused = target(model, "8.9.3", &format!("1,{key}")).unwrap_err();
            assert!(refused.contains(why), "{key}: {refused}");
        }
        assert!(target("320", "8.4.18", "EK41,P12").is_ok());
        assert!(target("220", "6.5.20", "MENU").is_ok());
    }
}
