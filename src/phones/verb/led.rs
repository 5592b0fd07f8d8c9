//! The lamps of a phone.

use std::str::FromStr;

/// A lamp, and what it shall do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Led {
    /// What it does.
    pub state: LedState,
    /// Which one; `None` is the one that tells of messages.
    pub name: Option<LedName>,
    /// In which colour; `None` leaves it to the phone.
    pub color: Option<LedColor>,
}

/// What a lamp does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LedState {
    /// It blinks fast.
    Fast,
    /// It is dark.
    Off,
    /// It is lit.
    On,
    /// It blinks slowly.
    Slow,
}

/// The colour of a lamp.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LedColor {
    /// Green.
    Green,
    /// Green and orange in turn.
    GreenOrange,
    /// Orange.
    Orange,
    /// Red.
    Red,
    /// Red and green in turn.
    RedGreen,
}

impl LedColor {
    /// All of them, with the words for them.
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
    /// Returns it as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    const MAX: usize = 32;
}

impl FromStr for LedName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if text.is_empty() || text.len() > Self::MAX || !text.chars().all(fits) {
            return Err(format!(
                "{text:?} is no lamp; a lamp has a number or a name of letters and digits"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}
