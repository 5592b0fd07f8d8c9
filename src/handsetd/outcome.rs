//! What came of a request: the statuses of the interface, and the answer that carries one.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use handset_phones::phone::Vendor;

/// What came of a request, in the words that dialplans and programs read.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Status {
    /// The phone refused us: password, allow-list, authentication URL.
    Denied,
    /// A fault of handsetd; logged with the delivery's id.
    Error,
    /// The request is wrong.
    Invalid,
    /// There is no such phone, or no way to tell what it is.
    NotFound,
    /// The phone confirmed, or the way used has no confirmation and the phone accepted.
    Ok,
    /// Several phones, not all `OK`; the reason lists each.
    Partial,
    /// Accepted, and going on.
    Queued,
    /// The phone understood and said no; its own words are in the reason.
    Rejected,
    /// It was sent and no answer came: it may have happened, so it is not repeated.
    Unknown,
    /// Nothing was sent: no route, refused, not registered, Asterisk away.
    Unreachable,
    /// This phone can't do this.
    Unsupported,
}

impl Status {
    /// All of them, in the order of their words.
    pub(crate) const ALL: [Self; 11] = [
        Self::Denied,
        Self::Error,
        Self::Invalid,
        Self::NotFound,
        Self::Ok,
        Self::Partial,
        Self::Queued,
        Self::Rejected,
        Self::Unknown,
        Self::Unreachable,
        Self::Unsupported,
    ];

    /// Returns the status of that word, whatever the case.
    pub(crate) fn find(word: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|status| status.word().eq_ignore_ascii_case(word))
    }

    /// Returns the word for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Denied => "DENIED",
            Self::Error => "ERROR",
            Self::Invalid => "INVALID",
            Self::NotFound => "NOTFOUND",
            Self::Ok => "OK",
            Self::Partial => "PARTIAL",
            Self::Queued => "QUEUED",
            Self::Rejected => "REJECTED",
            Self::Unknown => "UNKNOWN",
            Self::Unreachable => "UNREACHABLE",
            Self::Unsupported => "UNSUPPORTED",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What came of a request at one phone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Outcome {
    /// The status.
    pub status: Status,
    /// Why, in words for people; may be empty when all is well.
    pub reason: String,
    /// The phone's name, if one was found.
    pub phone: String,
    /// The phone's vendor, if one was found.
    pub vendor: Option<Vendor>,
    /// What was read, for verbs that read something.
    pub result: Option<Value>,
    /// What was done, in order, as far as it got.
    pub steps: Vec<StepRecord>,
}

/// One step of a delivery, as it went.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct StepRecord {
    /// `http`, `notify`, `csta` or `pbx`.
    pub transport: &'static str,
    /// A summary of the request, without passwords.
    pub request: String,
    /// A summary of the reply.
    pub reply: String,
    /// How long the step took.
    pub duration: Duration,
}

impl Outcome {
    /// Creates an outcome that concerns no phone in particular.
    pub(crate) fn new(status: Status, reason: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.into(),
            phone: String::new(),
            vendor: None,
            result: None,
            steps: Vec::new(),
        }
    }

    /// Creates an outcome at the phone called `name`.
    pub(crate) fn at(
        name: &str,
        vendor: Option<Vendor>,
        status: Status,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            status,
            reason: reason.into(),
            phone: name.to_owned(),
            vendor,
            result: None,
            steps: Vec::new(),
        }
    }

    /// Adds what was read.
    #[must_use]
    pub(crate) fn with_result(self, result: Option<Value>) -> Self {
        Self { result, ..self }
    }
}

/// What came of a request altogether.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Report {
    /// The status of all phones together.
    pub status: Status,
    /// Why, in words for people.
    pub reason: String,
    /// The names of the phones, joined by `&` as in `Dial()`.
    pub phone: String,
    /// Their vendors, each once, joined by `&`.
    pub vendor: String,
    /// What was read; of several phones an object with one member for each that told something.
    pub result: Option<Value>,
}

impl Report {
    /// Sums up what came of a request at each phone.
    ///
    /// One phone speaks for itself. Several are `OK` if all are, `QUEUED` if the rest of them goes
    /// on, and `PARTIAL` otherwise, with each phone's status in the reason.
    pub(crate) fn of(outcomes: &[Outcome]) -> Self {
        let phone = join(outcomes.iter().map(|outcome| outcome.phone.as_str()));
        let vendors = outcomes.iter().filter_map(|outcome| outcome.vendor);
        let vendor = join(vendors.map(Vendor::name));
        let (status, reason) = match outcomes {
            [] => (Status::NotFound, "no phone is named".to_owned()),
            [one] => (one.status, one.reason.clone()),
            several => (together(several), list(several)),
        };
        Self {
            status,
            reason,
            phone,
            vendor,
            result: together_read(outcomes),
        }
    }

    /// Returns what was read as one line of text: a text as it is, of a picture its address, anything
    /// else as JSON.
    pub(crate) fn result_line(&self) -> Option<String> {
        let result = self.result.as_ref()?;
        let url = result.get("png").and_then(|_| result.get("url"));
        let text = url.unwrap_or(result).as_str().map(ToOwned::to_owned);
        let text = text.unwrap_or_else(|| result.to_string());
        Some(text.split(['\r', '\n']).collect::<Vec<_>>().join(" "))
    }
}

impl From<Outcome> for Report {
    fn from(outcome: Outcome) -> Self {
        Self::of(&[outcome])
    }
}

fn together(outcomes: &[Outcome]) -> Status {
    let all = |fit: fn(Status) -> bool| outcomes.iter().all(|outcome| fit(outcome.status));
    if all(|status| status == Status::Ok) {
        Status::Ok
    } else if all(|status| matches!(status, Status::Ok | Status::Queued)) {
        Status::Queued
    } else {
        Status::Partial
    }
}

fn together_read(outcomes: &[Outcome]) -> Option<Value> {
    if let [one] = outcomes {
        return one.result.clone();
    }
    let told = |outcome: &Outcome| Some((outcome.phone.clone(), outcome.result.clone()?));
    let all: Map<_, _> = outcomes.iter().filter_map(told).collect();
    (!all.is_empty()).then_some(Value::Object(all))
}

/// Lists each phone with its status, and with the reason where all of that fits a channel variable;
/// otherwise those that failed come first, and the log has the reasons.
fn list(outcomes: &[Outcome]) -> String {
    let brief = |outcome: &Outcome| format!("{}: {}", outcome.phone, outcome.status);
    let whole = |outcome: &Outcome| match outcome.reason.as_str() {
        "" => brief(outcome),
        reason => format!("{} ({reason})", brief(outcome)),
    };
    let list = outcomes.iter().map(whole).collect::<Vec<_>>().join("; ");
    if list.chars().count() <= MAX_LIST {
        return list;
    }
    let mut sorted: Vec<&Outcome> = outcomes.iter().collect();
    sorted.sort_by_key(|outcome| matches!(outcome.status, Status::Ok | Status::Queued));
    sorted.into_iter().map(brief).collect::<Vec<_>>().join("; ")
}

/// Joins with `&` what is not empty, each once.
fn join<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for part in parts {
        if !part.is_empty() && !seen.contains(&part) {
            seen.push(part);
        }
    }
    seen.join("&")
}

/// The number of a delivery, under which the log tells of it: 12 hexadecimal digits.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct DeliveryId(String);

impl DeliveryId {
    /// Creates a new one.
    pub(crate) fn random() -> Self {
        Self(handset_net::random::hex_token::<6>())
    }

    /// Takes one that was given before a restart.
    pub(crate) fn given(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The most characters of a list with reasons, which is what `HANDSET_REASON` holds.
const MAX_LIST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(phone: &str, status: Status, reason: &str) -> Outcome {
        Outcome::at(phone, Some(Vendor::Snom), status, reason)
    }

    #[test]
    fn one_phone_speaks_for_itself() {
        let answer = Report::of(&[outcome("1001", Status::Denied, "wrong password")]);
        assert_eq!(
            (answer.status, answer.reason.as_str()),
            (Status::Denied, "wrong password")
        );
        assert_eq!(
            (answer.phone.as_str(), answer.vendor.as_str()),
            ("1001", "snom")
        );
    }

    #[test]
    fn several_are_ok_only_if_all_are() {
        let ok = outcome("1001", Status::Ok, "");
        let queued = outcome("1002", Status::Queued, "");
        let away = outcome("1003", Status::Unreachable, "connection refused");
        assert_eq!(Report::of(&[ok.clone(), ok.clone()]).status, Status::Ok);
        assert_eq!(Report::of(&[ok.clone(), queued]).status, Status::Queued);
        let answer = Report::of(&[ok, away.clone()]);
        assert_eq!(answer.status, Status::Partial);
        assert_eq!(
            answer.reason,
            "1001: OK; 1003: UNREACHABLE (connection refused)"
        );
        assert_eq!(
            (answer.phone.as_str(), answer.vendor.as_str()),
            ("1001&1003", "snom")
        );
        assert_eq!(Report::of(&[away.clone(), away]).status, Status::Partial);
    }

    #[test]
    fn what_was_read_is_told_for_each_phone() {
        let read = |phone, value| outcome(phone, Status::Ok, "").with_result(Some(value));
        let one = Report::of(&[read("1001", Value::from("on\r\noff"))]);
        assert_eq!(one.result_line().as_deref(), Some("on  off"));
        let both = Report::of(&[
            read("1001", Value::from("on")),
            outcome("1002", Status::Ok, ""),
        ]);
        assert_eq!(both.result_line().as_deref(), Some(r#"{"1001":"on"}"#));
        assert_eq!(Report::of(&[outcome("1", Status::Ok, "")]).result, None);
        let picture = serde_json::json!({"png": "aaaa", "url": "http://192.0.2.1/a.png"});
        let line = Report::of(&[read("1001", picture)]).result_line();
        assert_eq!(line.as_deref(), Some("http://192.0.2.1/a.png"));
    }

    #[test]
    fn each_is_listed_even_if_there_is_no_room_for_reasons() {
        let long = "the phone refused ".repeat(8);
        let answer = Report::of(&[
            outcome("1001", Status::Ok, ""),
            outcome("1002", Status::Denied, &long),
            outcome("1003", Status::Rejected, &long),
        ]);
        assert_eq!(answer.reason, "1002: DENIED; 1003: REJECTED; 1001: OK");
    }
}
