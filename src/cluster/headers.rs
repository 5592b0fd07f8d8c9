//! The headers of messages between daemons.

use async_nats::header::{HeaderMap, HeaderValue};

use crate::error::Reason;

/// The requesting daemon.
pub(crate) const FROM: &str = "Handset-From";
/// The deadline, in milliseconds since 1970 by the clock of NATS.
pub(crate) const DEADLINE: &str = "Handset-Deadline";
/// The request id.
pub(crate) const ID: &str = "Handset-Id";
/// In a reply: the request was refused, and why.
pub(crate) const REFUSED: &str = "Handset-Refused";
/// The instance of the daemon.
pub(crate) const INSTANCE: &str = "Handset-Instance";
/// The incarnation of the daemon that wrote the entry.
pub(crate) const INCARNATION: &str = "Handset-Incarnation";
/// The position at which an entry of the queue was appended.
pub(crate) const FIRST: &str = "Handset-First";
/// The id of the attempt that changed an entry: after a lost reply, its sender recognizes its own change.
pub(crate) const CHANGE: &str = "Handset-Change";
/// Marks a key as deleted, as bucket clients do.
pub(crate) const OPERATION: &str = "KV-Operation";
/// The value of that header.
pub(crate) const DELETED: &str = "DEL";

/// Returns a text as a header value, which is a single line.
pub(crate) fn value(text: &str) -> HeaderValue {
    HeaderValue::from(one_line(text))
}

/// Reads the reason of a refusal.
pub(crate) fn refusal(headers: Option<&HeaderMap>) -> Option<Reason> {
    let value = headers?.get(REFUSED)?;
    Some(Reason::new(one_line(value.as_str())))
}

/// Returns a header as text, unless it is missing or too long.
pub(crate) fn text<'a>(headers: Option<&'a HeaderMap>, name: &str) -> Option<&'a str> {
    let value = headers?.get(name)?.as_str();
    (value.len() <= MAX_VALUE).then_some(value)
}

fn one_line(text: &str) -> String {
    text.chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .take(MAX_VALUE)
        .collect()
}

/// Maximum length of a value, in characters.
const MAX_VALUE: usize = 500;
