//! Search criteria for deliveries.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::exchange;
use super::record::Record;
use crate::outcome::Status;

/// Criteria that a delivery must meet; `None` matches any value. In JSON, an unknown criterion is an error.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Search {
    pub(crate) id: Option<String>,
    /// The exact name of the phone.
    pub(crate) phone: Option<String>,
    pub(crate) verb: Option<String>,
    #[serde(with = "exchange::status")]
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

/// Lets one search for a text run at a time: it reads all of the history.
#[derive(Clone, Debug)]
pub(super) struct TextSearches(pub(super) Arc<Semaphore>);

impl Default for TextSearches {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

/// The place of a delivery in the list of all daemons, newest first. As text, it is the time in milliseconds
/// since 1970, the number, and the name of the daemon.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct Position {
    milliseconds: u64,
    daemon: String,
    number: u64,
}

impl Position {
    /// Returns the place of a delivery of that daemon.
    pub(crate) fn of(record: &Record, daemon: &str) -> Self {
        Self {
            milliseconds: exchange::milliseconds(record.at),
            daemon: daemon.to_owned(),
            number: record.number,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.milliseconds, self.number, self.daemon)
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '.');
        let mut part = || parts.next().ok_or(());
        Ok(Self {
            milliseconds: part()?.parse().map_err(drop)?,
            number: part()?.parse().map_err(drop)?,
            daemon: part()?.to_owned(),
        })
    }
}

/// Returns a key that sorts the deliveries of one daemon as [`Position`] does, newest first.
pub(super) fn newest_first(record: &Record) -> Reverse<(u64, u64)> {
    Reverse((exchange::milliseconds(record.at), record.number))
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
