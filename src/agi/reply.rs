//! What Asterisk answers to one command.
//!
//! It is read, not judged: which result means success differs from command to command.

use super::error::{Error, near};
use super::grammar::{self, Parts};

/// One reply: a number, and a result with what belongs to it, or a text.
///
/// ```
/// # use handsetd::agi::Reply;
/// let reply = Reply::parse(b"200 result=1 (say \"(hi)\")\n")?;
/// assert_eq!((reply.code(), reply.result()), (200, Some("1")));
/// assert_eq!(reply.value(), Some("say \"(hi)\""));
/// # Ok::<(), handsetd::agi::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    parts: Parts,
}

impl Reply {
    /// Reads one complete reply of one or many lines; its last line break may be missing.
    ///
    /// Bytes that are not UTF-8 are replaced, not refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let text = String::from_utf8_lossy(bytes);
        let lines = text.strip_suffix('\n').unwrap_or(&text);
        let lines = lines.strip_suffix('\r').unwrap_or(lines);
        let parts =
            grammar::reply(lines).ok_or_else(|| Error::MalformedReply { near: near(bytes) })?;
        Ok(Self { parts })
    }

    /// Returns the number: 200 for a command that ran, 5xx for one that did not.
    pub fn code(&self) -> u16 {
        self.parts.code
    }

    /// Returns whether another reply to the same command follows (`100 … Trying...`).
    pub fn is_provisional(&self) -> bool {
        self.code() < 200
    }

    /// Returns what follows `result=`: a number, digits typed, or nothing.
    pub fn result(&self) -> Option<&str> {
        self.parts.result.as_deref()
    }

    /// Returns what stands in parentheses, as it is; it may have many lines.
    pub fn value(&self) -> Option<&str> {
        self.parts.value.as_deref()
    }

    /// Returns a field such as `endpos`.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.parts.fields.iter();
        fields
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the text of a reply that has one; for a usage text, all lines.
    pub fn text(&self) -> &str {
        &self.parts.text
    }
}

#[cfg(test)]
mod tests;
