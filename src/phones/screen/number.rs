//! Numbers to dial, as people write them.

use std::fmt;
use std::str::FromStr;

use crate::invalid_value::InvalidValue;

/// A number to dial: digits, `*`, `#`, `+`, and the letters and marks of a SIP address.
///
/// It cannot end or extend a vendor's command, since `;`, `&`, `%`, spaces and quotes are refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Number(String);

impl Number {
    /// Returns the number as dialed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns it as an address, if it is one; a bare number is at the server of the phone that calls it.
    pub(crate) fn address(&self) -> Option<String> {
        let schemes = ["sip:", "sips:", "tel:"];
        if schemes.iter().any(|scheme| self.0.starts_with(scheme)) {
            return Some(self.0.clone());
        }
        self.0.contains('@').then(|| format!("sip:{}", self.0))
    }

    /// Longest number, in bytes: more than an E.164 number with a prefix, enough for a SIP address.
    pub(crate) const MAX: usize = 64;
}

impl FromStr for Number {
    type Err = InvalidValue;

    /// Parses a number. In a telephone number, one of digits and `+` alone, the marks that people
    /// write for the eye are dropped: `(030) 123-456` is `030123456`. Anything else stays as it is,
    /// without its blanks.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        // No phone dials a blank.
        let number = telephone_number(text).unwrap_or_else(|| text.replace(' ', ""));
        let is_dialable = |c: char| c.is_ascii_alphanumeric() || "*#+.@:_-".contains(c);
        let is_key = |c: char| c.is_ascii_alphanumeric() || "*#".contains(c);
        if !number.contains(is_key) || number.len() > Self::MAX || !number.chars().all(is_dialable)
        {
            let hint = "use digits, letters and * # + . @ : _ -";
            return Err(InvalidValue::malformed("number", text, hint));
        }
        Ok(Self(number))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns the digits and `+` of a telephone number; `None` if `text` contains anything else but the
/// marks between them.
fn telephone_number(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !is_mark(*c)).collect();
    let is_telephone = digits.chars().all(|c| c.is_ascii_digit() || c == '+');
    is_telephone.then_some(digits)
}

/// Whether `c` is a mark between digits: a blank, a dash, a dot, a slash or a parenthesis. Word
/// processors and address books write the non-breaking blank, the hyphen and the en dash.
fn is_mark(c: char) -> bool {
    matches!(
        c,
        ' ' | '\u{a0}'
            | '\u{202f}'
            | '-'
            | '\u{2010}'
            | '\u{2011}'
            | '\u{2013}'
            | '.'
            | '/'
            | '('
            | ')'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<String> {
        text.parse().ok().map(|number: Number| number.to_string())
    }

    #[test]
    fn marks_between_the_digits_of_a_telephone_number_are_dropped() {
        for (text, dialed) in [
            ("(030) 123-456", "030123456"),
            ("+49 30 123456", "+4930123456"),
            ("+49 (30) 123-45", "+493012345"),
            ("030/12345", "03012345"),
            ("030 / 123.45 - 6", "030123456"),
            ("+49\u{a0}30\u{2013}1234", "+49301234"),
            (" 201 ", "201"),
            ("00 800 1234", "008001234"),
        ] {
            assert_eq!(number(text).as_deref(), Some(dialed), "{text}");
        }
    }

    #[test]
    fn other_numbers_stay_as_they_are() {
        for text in [
            "123@192.0.2.7",
            "*21*100#",
            "support-2",
            "sip:ada@pbx.example.com:5060",
            "#31#030",
            "1001-a",
            "a.b-c",
        ] {
            assert_eq!(number(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn addresses_have_a_scheme() {
        for (text, address) in [
            ("200", None),
            ("*21#", None),
            ("ada@pbx", Some("sip:ada@pbx")),
            ("sip:ada@pbx", Some("sip:ada@pbx")),
            ("sips:ada@pbx", Some("sips:ada@pbx")),
            ("tel:+4930", Some("tel:+4930")),
        ] {
            let number: Number = text.parse().unwrap();
            assert_eq!(number.address().as_deref(), address, "{text}");
        }
    }

    #[test]
    fn what_no_phone_dials_is_refused() {
        for text in [
            "",
            " ",
            "-",
            "()",
            "(a) 2",
            "*21*(100)#",
            "(a)",
            "1;2",
            "1&2",
            "1%0a",
            "1\n2",
            "1\t2",
            "\u{2013}a",
        ] {
            assert_eq!(number(text), None, "{text:?}");
        }
        assert_eq!(number(&"1".repeat(65)), None);
        assert_eq!(number(&"1 ".repeat(64)), Some("1".repeat(64)));
    }
}
