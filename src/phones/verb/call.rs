//! Calls: control, ids, digits and forwarding.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::invalid_value::InvalidValue;
use crate::screen::Number;

/// An operation on a call.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CallControl {
    /// Answers a ringing call.
    Answer,
    /// Ends or rejects a call.
    Hangup,
    /// Puts a call on hold.
    Hold,
    /// Resumes a held call.
    Resume,
}

/// The kind of a transfer.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum TransferKind {
    /// The phone calls the target first and transfers when the target answers.
    Attended,
    /// The call is transferred at once.
    #[default]
    Blind,
}

/// The id of a call: the phone's own, as its action URLs report it, or the name of its channel in
/// Asterisk.
///
/// It has letters, digits and `_ . : @ / ; + -` only, which end no vendor's command except
/// Yealink's; that backend accepts digits only.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct CallId(String);

impl CallId {
    /// Returns the id as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) const MAX: usize = 128;
}

impl FromStr for CallId {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_.:@/;+-".contains(c);
        if text.is_empty() || text.len() > Self::MAX || !text.chars().all(is_allowed) {
            let hint = "use the id in the phone's action URL or the name of an Asterisk channel";
            return Err(InvalidValue::malformed("call id", text, hint));
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
    /// Returns the digits, letters in upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) const MAX: usize = 64;
}

impl FromStr for Digits {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let is_dtmf = |c: char| c.is_ascii_digit() || "*#ABCDabcd".contains(c);
        if text.is_empty() || text.len() > Self::MAX || !text.chars().all(is_dtmf) {
            return Err(InvalidValue::malformed("digits", text, "use 0-9 * # A-D"));
        }
        Ok(Self(text.to_ascii_uppercase()))
    }
}

/// Call forwarding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Forward {
    /// The calls to forward.
    pub kind: ForwardKind,
    /// The target; `None` disables the forwarding.
    pub to: Option<Number>,
    /// How long the phone rings first, for [`ForwardKind::NoAnswer`].
    pub after: Option<Duration>,
}

/// The calls to forward.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum ForwardKind {
    /// All calls.
    #[default]
    All,
    /// Calls to a busy line.
    Busy,
    /// Unanswered calls.
    NoAnswer,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_id_cannot_end_a_command() {
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
