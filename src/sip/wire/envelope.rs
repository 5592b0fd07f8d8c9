//! The fields that all messages have.

use std::fmt;

use super::address::NameAddr;
use super::grammar::{complete, cseq, seconds};
use super::header::{Headers, Name};
use super::method::Method;
use super::parser::Malformed;
use super::text::Token;
use super::via::Via;

/// The fields by which messages belong together.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    pub(crate) via: Via,
    pub(crate) from: NameAddr,
    pub(crate) to: NameAddr,
    pub(crate) call_id: String,
    pub(crate) cseq: CSeq,
}

/// The number of a request in its dialog, and its method.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct CSeq {
    pub(crate) number: u32,
    pub(crate) method: Method,
}

impl Envelope {
    /// Reads the fields. Each but `Via` must occur once.
    pub(crate) fn read(headers: &Headers) -> Result<Self, Malformed> {
        let address = |name: Name, shown| {
            let field = single(headers, name).and_then(NameAddr::parse);
            field.ok_or(Malformed::Lacks(shown))
        };
        let call_id =
            single(headers, Name::CALL_ID).filter(|id| !id.is_empty() && id.len() <= MAX_CALL_ID);
        let cseq = single(headers, Name::CSEQ).and_then(CSeq::parse);
        Ok(Self {
            via: Via::topmost(headers)?,
            from: address(Name::FROM, "From")?,
            to: address(Name::TO, "To")?,
            call_id: call_id.ok_or(Malformed::Lacks("Call-ID"))?.to_owned(),
            cseq: cseq.ok_or(Malformed::Lacks("CSeq"))?,
        })
    }
}

impl CSeq {
    fn parse(text: &str) -> Option<Self> {
        let (number, method) = complete(cseq, text)?;
        let method = Method::from_token(&Token::new(method).ok()?);
        (number <= MAX_CSEQ).then_some(Self { number, method })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

/// Reads a number of seconds with a parameter `refresher` perhaps, as in `Session-Expires`.
pub fn read_seconds(text: &str) -> Option<(u32, Option<String>)> {
    let (seconds, params) = complete(seconds, text)?;
    let refresher = params.into_iter().find(|(name, _)| name == "refresher");
    Some((seconds, refresher.and_then(|(_, value)| value)))
}

/// Returns the value of a field that occurs exactly once.
fn single(headers: &Headers, name: Name) -> Option<&str> {
    let mut values = headers.all(name);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// Maximum length of a `Call-ID`, in bytes: it is stored for as long as a transaction.
const MAX_CALL_ID: usize = 256;

/// The largest number of a request (RFC 3261, section 8.1.1.5).
const MAX_CSEQ: u32 = (1 << 31) - 1;
