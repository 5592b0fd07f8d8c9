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

/// The meanings of errors. Tokens are compared without spaces and case.
const MEANINGS: [(&str, &str); 12] = [
    ("featureNotSupported", UNSUPPORTED),
    ("invalidCallID", "it has no call with that id"),
    ("invalidConnectionIdentifier", "it has no call with that id"),
    ("invalidConnectionState", "the call is in another state"),
    (
        "invalidDeviceID",
        "it has no identity with that number or address",
    ),
    ("invalidFeature", UNSUPPORTED),
    ("noActiveCall", "it is not in a call"),
    ("noCallToAnswer", "no call is ringing"),
    ("noHeldCall", "no call is on hold"),
    ("requestNotSupported", UNSUPPORTED),
    ("resourceBusy", "it is busy"),
    ("serviceNotSupported", UNSUPPORTED),
];

/// The longest error that is reported, in characters.
const MAX_TOKEN: usize = 80;
