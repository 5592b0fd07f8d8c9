//! `YealinkIPPhoneExecute`: vendor URIs, including those that switch lamps.
//!
//! Public code uses `http(s)`, `Dial:`, `Led:`, `Wav.Play:`, `Wav.Stop`, `Key:LINE1` and
//! `Command:Reset`. Phones silently ignore unknown URIs, so others are refused.

use url::Url;

use super::document::Execute;
use super::handset::Handset;
use crate::screen::{KeyName, Number};
use crate::vendor::{Plan, PlanError};
use crate::verb::{Led, LedColor, LedState, Priority, VendorUri};

impl Handset<'_> {
    /// Runs URIs in order.
    pub(super) fn execute(&self, uris: &[VendorUri]) -> Result<Plan, PlanError> {
        let mut execute = Execute::new();
        let mut note = None;
        for uri in uris {
            // The only command without an argument may be written with a colon.
            let text = match uri.as_str() {
                "Wav.Stop:" => "Wav.Stop",
                text => text,
            };
            note = self.check(text)?.or(note);
            execute = execute.uri(text);
        }
        let mut plan = self.push(&execute.to_document())?;
        if uris.iter().any(|uri| uri.priority() != Priority::Now) {
            plan = plan.with_note("Yealink phones run URIs at once and ignore the priority");
        }
        Ok(match note {
            Some(note) => plan.with_note(note),
            None => plan,
        })
    }

    /// Validates a URI and returns a caveat to report.
    fn check(&self, uri: &str) -> Result<Option<&'static str>, PlanError> {
        let (scheme, rest) = uri.split_once(':').unwrap_or((uri, ""));
        let is_valid = match scheme {
            "http" | "https" => Url::parse(uri).is_ok_and(|url| url.has_host()),
            "Dial" => rest.parse::<Number>().is_ok(),
            "Led" => match rest.split_once('=') {
                Some((lamp, state)) => self.lamp(lamp).is_ok() && STATES.contains(&state),
                None => false,
            },
            "Wav.Play" => rest
                .parse::<Url>()
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()),
            "Wav.Stop" => uri == "Wav.Stop",
            "Key" => rest.parse::<KeyName>().is_ok(),
            "Command" => rest == "Reset",
            _ => false,
        };
        if !is_valid {
            return Err(PlanError::Unsupported(format!(
                "uri: unsupported URI {uri:?}; Yealink phones run http(s), Dial:NUMBER, \
                 Led:LINE1_GREEN=on, Wav.Play:URL, Wav.Stop, Key:LINE1 and Command:Reset"
            )));
        }
        Ok(match scheme {
            "Wav.Play" => Some(super::tone::TWICE),
            "Key" if !is_line(rest) => Some(UNVERIFIED_KEY),
            _ => None,
        })
    }

    /// Checks the name of a lamp, `LINE1_GREEN` or `POWER`.
    fn lamp(&self, name: &str) -> Result<(), PlanError> {
        let known = match name.split_once('_') {
            Some((line, color)) => {
                matches!(color, "GREEN" | "RED" | "ORANGE") && self.line(line).is_some()
            }
            None => name == "POWER",
        };
        known.then_some(()).ok_or_else(|| self.no_lamp(name))
    }

    /// Parses a line key: `3`, `L3` or `LINE3`.
    fn line(&self, name: &str) -> Option<u8> {
        let upper = name.to_ascii_uppercase();
        let digits = ["LINE", "L"]
            .iter()
            .find_map(|prefix| upper.strip_prefix(prefix))
            .unwrap_or(&upper);
        let number: u8 = digits.parse().ok()?;
        let max = self.model.line_keys().unwrap_or(MAX_LINES);
        (!digits.starts_with('+') && (1..=max).contains(&number)).then_some(number)
    }

    fn no_lamp(&self, name: &str) -> PlanError {
        let keys = match self.model.line_keys() {
            Some(keys) => format!("1 to {keys}"),
            None => "a number".to_owned(),
        };
        PlanError::Unsupported(format!(
            "led: {name} is not a lamp of {}; use {keys} for a line key, or POWER",
            self.model.title()
        ))
    }

    /// Switches a lamp, until the phone restarts or changes it itself.
    pub(super) fn led(&self, led: &Led) -> Result<Plan, PlanError> {
        let name = led.name.as_ref().map_or("POWER", |name| name.as_str());
        let state = match led.state {
            LedState::Fast => "fastflash",
            LedState::Off => "off",
            LedState::On => "on",
            LedState::Slow => "slowflash",
        };
        let mut execute = Execute::new();
        for lamp in self.lamps(name, led)? {
            execute = execute.uri(&format!("Led:{lamp}={state}"));
        }
        self.push(&execute.to_document())
    }

    /// Returns the lamps to switch: those of all colours to switch a lamp off without a given colour.
    fn lamps(&self, name: &str, led: &Led) -> Result<Vec<String>, PlanError> {
        if name.eq_ignore_ascii_case("POWER") {
            return match led.color {
                None => Ok(vec!["POWER".to_owned()]),
                Some(_) => Err(PlanError::unsupported(
                    "color: the power lamp has only one colour; omit color",
                )),
            };
        }
        let upper = name.to_ascii_uppercase();
        if led.color.is_none() && self.lamp(&upper).is_ok() {
            return Ok(vec![upper]);
        }
        let line = self.line(name).ok_or_else(|| self.no_lamp(name))?;
        let colors: &[&str] = match (led.color, led.state) {
            (None, LedState::Off) => &["GREEN", "RED", "ORANGE"],
            (Some(LedColor::Green) | None, _) => &["GREEN"],
            (Some(LedColor::Orange), _) => &["ORANGE"],
            (Some(LedColor::Red), _) => &["RED"],
            (Some(LedColor::GreenOrange | LedColor::RedGreen), _) => {
                return Err(PlanError::unsupported(
                    "color: Yealink lamps are green, red or orange, without alternating colours",
                ));
            }
        };
        let lamps = colors.iter().map(|color| format!("LINE{line}_{color}"));
        Ok(lamps.collect())
    }
}

/// Returns whether a key is known to work in documents.
pub(super) fn is_line(key: &str) -> bool {
    key.strip_prefix("LINE")
        .is_some_and(|number| number.parse::<u8>().is_ok_and(|number| number > 0))
}

pub(super) const UNVERIFIED_KEY: &str =
    "unverified on real phones: Key: in documents, except LINE1, LINE2, …";

const STATES: [&str; 4] = ["on", "off", "slowflash", "fastflash"];

/// The most line keys that any model has.
const MAX_LINES: u8 = 29;
