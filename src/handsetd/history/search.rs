//! Search criteria for deliveries.

use std::time::SystemTime;

use super::record::Record;
use crate::outcome::Status;

/// Criteria that a delivery must meet; `None` matches any value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Search {
    pub(crate) id: Option<String>,
    /// The exact name of the phone.
    pub(crate) phone: Option<String>,
    pub(crate) verb: Option<String>,
    pub(crate) status: Option<Status>,
    /// Part of the requester's description, such as a channel or a rule, in any case.
    pub(crate) requester: Option<String>,
    /// Part of a value, of the reason or of a step, in any case.
    pub(crate) text: Option<String>,
    /// Earliest time of the request.
    pub(crate) since: Option<SystemTime>,
    /// Latest time of the request.
    pub(crate) until: Option<SystemTime>,
    /// Only records of lower numbers, which are older.
    pub(crate) before: Option<u64>,
}

impl Search {
    /// Returns the same criteria for [`matches`](Self::matches), which compares in lower case.
    pub(super) fn lowercased(&self) -> Self {
        let lowercase = |part: &Option<String>| part.as_ref().map(|part| part.to_lowercase());
        Self {
            requester: lowercase(&self.requester),
            text: lowercase(&self.text),
            ..self.clone()
        }
    }

    /// Returns whether `record` meets all criteria, which are [`lowercased`](Self::lowercased).
    pub(super) fn matches(&self, record: &Record) -> bool {
        self.before.is_none_or(|before| record.number < before)
            && is_equal(self.id.as_ref(), &record.id.to_string())
            && is_equal(self.phone.as_ref(), &record.phone)
            && is_equal(self.verb.as_ref(), &record.verb)
            && self.status.is_none_or(|status| status == record.status)
            && self.since.is_none_or(|since| record.at >= since)
            && self.until.is_none_or(|until| record.at <= until)
            && self
                .requester
                .as_ref()
                .is_none_or(|part| contains(&record.requester.to_string(), part))
            && self
                .text
                .as_ref()
                .is_none_or(|part| contains_anywhere(record, part))
    }
}

fn is_equal(wanted: Option<&String>, value: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == value)
}

/// Parses a point in time (`2026-11-21T13:00:00Z`) or an age (`1h`).
pub(crate) fn parse_time(text: &str, now: SystemTime) -> Result<SystemTime, String> {
    let text = text.trim();
    humantime::parse_duration(text)
        .ok()
        .and_then(|age| now.checked_sub(age))
        .or_else(|| humantime::parse_rfc3339_weak(text).ok())
        .ok_or_else(|| {
            format!("invalid time {text:?}; use 1h for one hour ago, or 2026-11-21T13:00:00Z")
        })
}

fn contains_anywhere(record: &Record, part: &str) -> bool {
    let values = record.keys.iter().map(|(_, value)| value.as_str());
    let steps = record
        .steps
        .iter()
        .flat_map(|step| [step.request.as_str(), step.reply.as_str()]);
    values
        .chain(steps)
        .chain([record.reason.as_str()])
        .any(|text| contains(text, part))
}

/// Whether `text` contains `part`, which is in lower case, ignoring case.
fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(part)
}
