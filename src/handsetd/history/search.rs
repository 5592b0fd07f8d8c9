//! Which deliveries somebody wants to see.

use std::time::SystemTime;

use super::record::Record;
use crate::outcome::Status;

/// What a delivery must be like; what is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The number of the request.
    pub id: Option<String>,
    /// The phone's name.
    pub phone: Option<String>,
    /// The verb.
    pub verb: Option<String>,
    /// What came of it.
    pub status: Option<Status>,
    /// Words about who asked, such as a channel or a rule.
    pub asker: Option<String>,
    /// Words that publisher somewhere in it.
    pub text: Option<String>,
    /// Since when it was asked.
    pub since: Option<SystemTime>,
}

impl Search {
    /// Returns whether a delivery is one of those.
    pub fn finds(&self, record: &Record) -> bool {
        let same = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        same(&self.id, &record.id.to_string())
            && same(&self.phone, &record.phone)
            && same(&self.verb, &record.verb)
            && self.status.is_none_or(|status| status == record.status)
            && self.since.is_none_or(|since| record.at >= since)
            && self
                .asker
                .as_ref()
                .is_none_or(|words| contains(&record.asker.to_string(), words))
            && self
                .text
                .as_ref()
                .is_none_or(|words| is_said(record, words))
    }
}

/// Reads since when: a time (`2026-11-21T13:00:00Z`), or how long ago (`1h`).
pub fn since(text: &str, now: SystemTime) -> Result<SystemTime, String> {
    let text = text.trim();
    let ago = humantime::parse_duration(text).ok();
    let ago = ago.and_then(|ago| now.checked_sub(ago));
    ago.or_else(|| humantime::parse_rfc3339_weak(text).ok())
        .ok_or_else(|| {
            format!("{text:?} is no time; write 1h for an hour ago, or 2026-11-21T13:00:00Z")
        })
}

fn is_said(record: &Record, words: &str) -> bool {
    let keys = record.keys.iter().map(|(_, value)| value.as_str());
    let steps = record.steps.iter();
    let steps = steps.flat_map(|step| [step.sent.as_str(), step.said.as_str()]);
    let mut said = keys.chain(steps).chain([record.reason.as_str()]);
    said.any(|said| contains(said, words))
}

/// Whether `text` contains `words`, whatever the case.
fn contains(text: &str, words: &str) -> bool {
    text.to_lowercase().contains(&words.to_lowercase())
}
