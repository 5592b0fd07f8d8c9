//! Lamps.

use std::str::FromStr;

use crate::invalid_value::InvalidValue;

/// A lamp and its new state.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Led {
    /// The state.
    pub state: LedState,
    /// The lamp; `None` is the message lamp.
    pub name: Option<LedName>,
    /// The colour; `None` leaves the choice to the phone.
    pub color: Option<LedColor>,
}

/// The state of a lamp.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LedState {
    /// Blinking fast.
    Fast,
    /// Off.
    Off,
    /// On.
    On,
    /// Blinking slowly.
    Slow,
}

/// The colour of a lamp.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LedColor {
    /// Green.
    Green,
    /// Alternating green and orange.
    GreenOrange,
    /// Orange.
    Orange,
    /// Red.
    Red,
    /// Alternating red and green.
    RedGreen,
}

impl LedColor {
    /// All colours with their names.
    pub const ALL: [(&'static str, Self); 5] = [
        ("green", Self::Green),
        ("greenorange", Self::GreenOrange),
        ("orange", Self::Orange),
        ("red", Self::Red),
        ("redgreen", Self::RedGreen),
    ];
    pub(super) const WORDS: &[&str] = &["green", "greenorange", "orange", "red", "redgreen"];
}

/// The number or name of a lamp: letters, digits and `_`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LedName(String);

impl LedName {
    /// Returns the name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) const MAX: usize = 32;
}

impl FromStr for LedName {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if text.is_empty() || text.len() > Self::MAX || !text.chars().all(is_allowed) {
            let hint = "use a number, or a name of letters, digits and _";
            return Err(InvalidValue::malformed("lamp", text, hint));
        }
        Ok(Self(text.to_owned()))
    }
}
