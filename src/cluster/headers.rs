//! The headers of messages between daemons.

use async_nats::header::{HeaderMap, HeaderValue};

use crate::error::Reason;

/// Who asks.
pub(crate) const FROM: &str = "Handset-From";
/// Until when, in milliseconds since 1970 by the clock of NATS.
pub(crate) const DEADLINE: &str = "Handset-Deadline";
/// Which request it is.
pub(crate) const ID: &str = "Handset-Id";
/// In an answer: nothing was done, and why.
pub(crate) const REFUSED: &str = "Handset-Refused";
/// Which daemon of that name.
pub(crate) const INSTANCE: &str = "Handset-Instance";
/// Which start of the daemon an entry is of.
pub(crate) const INCARNATION: &str = "Handset-Incarnation";
/// Where an entry of the queue was appended.
pub(crate) const FIRST: &str = "Handset-First";
/// Which attempt has changed an entry, so that whoever was not answered can tell whether it was theirs.
pub(crate) const CHANGE: &str = "Handset-Change";
/// Says that a key is gone, as clients of buckets do.
pub(crate) const OPERATION: &str = "KV-Operation";
/// The value of it.
pub(crate) const DELETED: &str = "DEL";

/// Returns a text as the value of a header, which is one line.
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

/// The longest value, in characters.
const MAX_VALUE: usize = 500;
