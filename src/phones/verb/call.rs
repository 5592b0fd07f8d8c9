//! Calls: what can be done with one, and what tells one from another.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::screen::Number;

/// What is done with a call.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CallControl {
    /// It is answered.
    Answer,
    /// It is ended, or not taken.
    Hangup,
    /// It waits.
    Hold,
    /// It waits no longer.
    Resume,
}

/// How a call is transferred.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum TransferKind {
    /// The phone calls the other first, and the call goes there when that one answers.
    Attended,
    /// The call goes there at once.
    #[default]
    Blind,
}

/// What tells a call from others: the phone's own id for it, as its action URLs tell it, or the name
/// of its channel in Asterisk.
///
/// Letters, digits and `_ . : @ / ; + -` only, so that it ends no command of any vendor but Yealink's,
/// whose backend takes digits alone.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct CallId(String);

impl CallId {
    /// Returns it as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    const MAX: usize = 128;
}

impl FromStr for CallId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "_.:@/;+-".contains(c);
        if text.is_empty() || text.len() > Self::MAX || !text.chars().all(fits) {
            return Err(format!(
                "{text:?} is no id of a call; it is what the phone's action URL or Asterisk's \
                 channel says"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// DTMF digits: 0-9, `*`, `#`, A-D.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Digits(String);

impl Digits {
    /// Returns them, letters in upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    const MAX: usize = 64;
}

impl FromStr for Digits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let dtmf = |c: char| c.is_ascii_digit() || "*#ABCDabcd".contains(c);
        if text.is_empty() || text.len() > Self::MAX || !text.chars().all(dtmf) {
            return Err(format!("{text:?} are no digits; digits are 0-9 * # A-D"));
        }
        Ok(Self(text.to_ascii_uppercase()))
    }
}

/// Which calls are forwarded, and where to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Forward {
    /// Which calls.
    pub kind: ForwardKind,
    /// Where to; `None` ends it.
    pub to: Option<Number>,
    /// How long the phone rings before, for [`ForwardKind::NoAnswer`].
    pub after: Option<Duration>,
}

/// Which calls are forwarded.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum ForwardKind {
    /// All.
    #[default]
    All,
    /// Those that find the line busy.
    Busy,
    /// Those that nobody answers.
    NoAnswer,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_a_call_has_nothing_that_ends_a_command() {
        for text in [
            "-18",
            "33093",
            "3c26700857a8@192.0.2.1",
            "PJSIP/1001-0000002a",
        ] {
            assert_eq!(text.parse::<CallId>().unwrap().as_str(), text);
        }
        for text in ["", "1&2", "a b", "a\"b", "<a>", "1\r\n", "a,b", "a%0a"] {
            assert!(text.parse::<CallId>().is_err(), "{text}");
        }
    }

    #[test]
    fn digits_are_those_of_a_keypad() {
        assert_eq!("12*#ad".parse::<Digits>().unwrap().as_str(), "12*#AD");
        for text in ["", "1 2", "E", "1;2", "+49"] {
            assert!(text.parse::<Digits>().is_err(), "{text}");
        }
    }
}
