//! Errors of ECMA-323 in words: a category and a token (`invalidCallID`), or the spelling of old firmware
//! (`Invalid CallID`).

use std::fmt;

use super::answer::Answer;

/// An error that a phone answers instead of a response.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ErrorCode {
    category: &'static str,
    /// The phone's own text.
    token: String,
}

impl ErrorCode {
    /// Finds the error in a message, of which `text` is the whole text, well-formed or not.
    pub(crate) fn find(answer: &Answer, text: &str) -> Option<Self> {
        Self::in_elements(answer, text).or_else(|| Self::in_text(text))
    }

    fn in_elements(answer: &Answer, text: &str) -> Option<Self> {
        let code = answer
            .find("CSTAErrorCode")
            .or_else(|| answer.find("Fault"))?;
        let known = CATEGORIES.iter().find_map(|category| {
            let token = code.text_of(category)?;
            Some(Self::new(category, token))
        });
        let string = || Some(Self::new("fault", code.text_of("faultstring")?));
        known
            .or_else(|| Self::in_text(text))
            .or_else(string)
            .or_else(|| Some(Self::new("error", "no reason")))
    }

    /// Finds the error in a text that is not a document.
    fn in_text(text: &str) -> Option<Self> {
        let (_, rest) = text.split_once("CSTAErrorCode")?;
        CATEGORIES.iter().find_map(|category| {
            let (_, after) = rest.split_once(&format!("{category}>"))?;
            let token = after.split('<').next()?;
            Some(Self::new(category, token))
        })
    }

    fn new(category: &'static str, token: &str) -> Self {
        let printable = token.trim().chars().filter(|c| !c.is_control());
        Self {
            category,
            token: printable.take(MAX_TOKEN).collect(),
        }
    }

    /// Returns whether the phone does not know the request.
    pub fn is_unsupported(&self) -> bool {
        self.meaning() == Some(UNSUPPORTED)
    }

    fn meaning(&self) -> Option<&'static str> {
        let plain: String = self.token.chars().filter(|c| !c.is_whitespace()).collect();
        let mut meanings = MEANINGS.iter();
        let known = meanings.find(|(known, _)| known.eq_ignore_ascii_case(&plain));
        known.map(|(_, meaning)| *meaning)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { category, token } = self;
        write!(f, "the phone refused by CSTA ({category}: {token})")?;
        match self.meaning() {
            Some(meaning) => write!(f, ": {meaning}"),
            None => Ok(()),
        }
    }
}

/// The categories of errors.
const CATEGORIES: [&str; 8] = [
    "operation",
    "security",
    "stateIncompatibility",
    "systemResourceAvailability",
    "subscribedResourceAvailability",
    "performanceManagement",
    "privateData",
    "unspecified",
];

/// The meaning of errors on requests that the phone does not know.
const UNSUPPORTED: &str = "this firmware does not support the request";

/// The meaning of errors about a call that is not there.
const NO_CALL: &str = "it has no call with that id";

/// The meaning of errors about its own line.
const NO_IDENTITY: &str = "it has no identity with that number or address";

/// The meaning of errors about the state of a call.
const OTHER_STATE: &str = "the call is in another state";

/// The meaning of errors about the target of a call.
const BAD_TARGET: &str = "it does not accept that number or address as a target";

/// The meanings of errors (ECMA-269, 11.3). Tokens are compared without spaces and case.
const MEANINGS: [(&str, &str); 19] = [
    ("deviceOutOfService", "it is out of service"),
    ("featureNotSupported", UNSUPPORTED),
    ("invalidCalledDeviceID", BAD_TARGET),
    ("invalidCallID", NO_CALL),
    ("invalidCallingDeviceID", NO_IDENTITY),
    ("invalidCallState", OTHER_STATE),
    ("invalidConnectionID", NO_CALL),
    ("invalidConnectionIdentifier", NO_CALL),
    ("invalidConnectionState", OTHER_STATE),
    ("invalidDestination", BAD_TARGET),
    ("invalidDeviceID", NO_IDENTITY),
    ("invalidFeature", UNSUPPORTED),
    ("noActiveCall", "it is not in a call"),
    ("noCallToAnswer", "no call is ringing"),
    ("noCallToClear", "it is not in a call"),
    ("noHeldCall", "no call is on hold"),
    ("requestNotSupported", UNSUPPORTED),
    ("resourceBusy", "it is busy"),
    ("serviceNotSupported", UNSUPPORTED),
];

/// The longest error that is reported, in characters.
const MAX_TOKEN: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    fn words(document: &str) -> String {
        let error = ErrorCode::find(&Answer::parse(document), document).unwrap();
        error.to_string()
    }

    #[test]
    fn every_category_and_token_becomes_words() {
        for category in CATEGORIES {
            for (token, meaning) in MEANINGS {
                for edition in ["ed3", "ed5"] {
                    let document = format!(
                        "<CSTAErrorCode xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/{edition}\">\
                         <{category}>{token}</{category}></CSTAErrorCode>"
                    );
                    let expected =
                        format!("the phone refused by CSTA ({category}: {token}): {meaning}");
                    assert_eq!(words(&document), expected);
                }
            }
        }
    }

    #[test]
    fn errors_that_phones_are_known_to_have_are_explained() {
        for (token, part) in [
            ("invalidCallID", "no call with that id"),
            ("Invalid CallID", "no call with that id"),
            ("invalidDeviceID", "no identity"),
            ("invalidConnectionIdentifier", "no call with that id"),
            ("invalidFeature", "does not support the request"),
            ("invalidConnectionState", "in another state"),
            ("invalidDestination", "as a target"),
            ("noCallToAnswer", "no call is ringing"),
            ("noActiveCall", "not in a call"),
            ("noHeldCall", "no call is on hold"),
            ("resourceBusy", "busy"),
            ("serviceNotSupported", "does not support the request"),
        ] {
            let document = format!("<CSTAErrorCode><operation>{token}</operation></CSTAErrorCode>");
            let words = words(&document);
            let (_, meaning) = words.split_once("): ").unwrap();
            assert!(meaning.contains(part), "{token}: {meaning}");
        }
    }

    #[test]
    fn meanings_are_in_order_and_distinct() {
        let tokens = MEANINGS.map(|(token, _)| token.to_ascii_lowercase());
        assert!(tokens.is_sorted_by(|one, next| one < next), "{tokens:?}");
    }

    #[test]
    fn unknown_tokens_are_reported_as_they_are() {
        for (document, expected) in [
            (
                "<CSTAErrorCode><security>a&lt;b&amp;c</security></CSTAErrorCode>",
                "the phone refused by CSTA (security: a<b&c)",
            ),
            (
                "<CSTAErrorCode><operation>a\r\nb\u{1b}[2J</operation></CSTAErrorCode>",
                "the phone refused by CSTA (operation: ab[2J)",
            ),
            (
                "<CSTAErrorCode/>",
                "the phone refused by CSTA (error: no reason)",
            ),
            (
                "<CSTAErrorCode><other>x</other></CSTAErrorCode>",
                "the phone refused by CSTA (error: no reason)",
            ),
        ] {
            assert_eq!(words(document), expected, "{document}");
        }
        let long = format!(
            "<CSTAErrorCode><operation>{}</operation></CSTAErrorCode>",
            "x".repeat(10_000)
        );
        assert!(words(&long).len() < 200);
    }
}
