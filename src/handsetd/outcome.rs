//! The result of a request: for each phone an outcome, and the report that summarizes them.

mod status;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use handset_phones::phone::Vendor;

use crate::content_store::Fetch;

pub(crate) use status::Status;

/// The result of a request at one phone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Outcome {
    /// The status.
    pub status: Status,
    /// The cause, human-readable; may be empty on success.
    pub reason: String,
    /// Name of the phone; empty if none was found.
    pub phone: String,
    /// Vendor of the phone, if known.
    pub vendor: Option<Vendor>,
    /// The value read, for verbs that read one.
    pub result: Option<Value>,
    /// The steps taken, in order.
    pub steps: Box<[StepRecord]>,
    /// What the phone fetches from handsetd, or has fetched.
    pub fetches: Fetches,
}

/// Fetches of an outcome. Outcomes that differ in nothing else are equal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fetches(Option<Arc<Vec<Fetch>>>);

impl Fetches {
    /// Returns when the last of them happened; `None` if there are none, or not all have happened.
    pub(crate) fn at(&self) -> Option<SystemTime> {
        let times: Option<Vec<_>> = self.all().map(Fetch::at).collect();
        times?.into_iter().max()
    }

    /// Returns whether some have not happened yet.
    pub(crate) fn are_pending(&self) -> bool {
        self.all().any(|fetch| fetch.at().is_none())
    }

    fn all(&self) -> impl Iterator<Item = &Fetch> {
        self.0.iter().flat_map(|fetches| fetches.iter())
    }

    /// Waits until all have happened, which may be never. Cancel safe.
    pub(crate) async fn wait(&self) -> Option<SystemTime> {
        for fetch in self.all() {
            fetch.wait().await;
        }
        self.at()
    }
}

impl From<Vec<Fetch>> for Fetches {
    fn from(fetches: Vec<Fetch>) -> Self {
        // Most outcomes have none, and outcomes stay small.
        Self((!fetches.is_empty()).then(|| Arc::new(fetches)))
    }
}

impl Eq for Fetches {}

impl PartialEq for Fetches {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// One step of a delivery, and its result.
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
            steps: Box::default(),
            fetches: Fetches::default(),
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
            steps: Box::default(),
            fetches: Fetches::default(),
        }
    }

    /// Sets the value read.
    #[must_use]
    pub(crate) fn with_result(self, result: Option<Value>) -> Self {
        Self { result, ..self }
    }
}

/// The result of a request at all its phones.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Report {
    /// The status of all phones together.
    pub status: Status,
    /// The cause, human-readable.
    pub reason: String,
    /// The names of the phones, joined by `&` as in `Dial()`.
    pub phone: String,
    /// Their vendors, each once, joined by `&`.
    pub vendor: String,
    /// The value read; for several phones an object with a member for each that returned one.
    pub result: Option<Value>,
}

impl Report {
    /// Summarizes the outcomes at all phones.
    ///
    /// A single outcome is the report. Several are `OK` if all are, `QUEUED` if the others are
    /// queued, and `PARTIAL` otherwise, with each phone's status in the reason.
    pub(crate) fn of(outcomes: &[Outcome]) -> Self {
        let phone = join(outcomes.iter().map(|outcome| outcome.phone.as_str()));
        let vendors = outcomes.iter().filter_map(|outcome| outcome.vendor);
        let vendor = join(vendors.map(Vendor::name));
        let (status, reason) = match outcomes {
            [] => (Status::NotFound, "no phone is named".to_owned()),
            [one] => (one.status, one.reason.clone()),
            several => (combined_status(several), list(several)),
        };
        Self {
            status,
            reason,
            phone,
            vendor,
            result: combined_result(outcomes),
        }
    }

    /// Joins the reports of the parts of a request, each of which has other phones.
    pub(crate) fn joined(parts: impl IntoIterator<Item = Self>) -> Self {
        let parts: Vec<Self> = parts.into_iter().collect();
        let outcome = |part: &Self| Outcome {
            result: part.result.clone(),
            ..Outcome::at(&part.phone, None, part.status, part.reason.clone())
        };
        let outcomes: Vec<Outcome> = parts.iter().map(outcome).collect();
        Self {
            vendor: join(parts.iter().map(|part| part.vendor.as_str())),
            ..Self::of(&outcomes)
        }
    }

    /// Returns the value read as one line: a text unchanged, a picture as its URL, anything else as
    /// JSON.
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

fn combined_status(outcomes: &[Outcome]) -> Status {
    let all = |matches: fn(Status) -> bool| outcomes.iter().all(|outcome| matches(outcome.status));
    if all(|status| status == Status::Ok) {
        Status::Ok
    } else if all(|status| matches!(status, Status::Ok | Status::Queued)) {
        Status::Queued
    } else {
        Status::Partial
    }
}

fn combined_result(outcomes: &[Outcome]) -> Option<Value> {
    if let [one] = outcomes {
        return one.result.clone();
    }
    let mut all = Map::new();
    for outcome in outcomes {
        if let Some(result) = &outcome.result {
            all.insert(unused_name(&all, &outcome.phone), result.clone());
        }
    }
    (!all.is_empty()).then_some(Value::Object(all))
}

/// Returns the name, with a number if it is taken: phones of one endpoint share their name.
fn unused_name(taken: &Map<String, Value>, name: &str) -> String {
    let numbered = (2_usize..).map(|number| format!("{name} ({number})"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    let unused = names.find(|name| !taken.contains_key(name));
    unused.unwrap_or_default()
}

/// Lists each phone with its status and reason. If that does not fit a channel variable, lists the
/// failed ones first and leaves the reasons to the log.
fn list(outcomes: &[Outcome]) -> String {
    let add = |list: &mut String, outcome: &Outcome| {
        let separator = if list.is_empty() { "" } else { "; " };
        for part in [separator, &outcome.phone, ": ", outcome.status.word()] {
            list.push_str(part);
        }
    };
    let mut list = String::new();
    for outcome in outcomes {
        add(&mut list, outcome);
        if !outcome.reason.is_empty() {
            for part in [" (", &outcome.reason, ")"] {
                list.push_str(part);
            }
        }
        // Not all of them first: a group may have thousands of phones.
        if list.chars().count() > MAX_LIST {
            return brief_list(outcomes, add);
        }
    }
    list
}

fn brief_list(outcomes: &[Outcome], add: impl Fn(&mut String, &Outcome)) -> String {
    let mut sorted: Vec<&Outcome> = outcomes.iter().collect();
    sorted.sort_by_key(|outcome| matches!(outcome.status, Status::Ok | Status::Queued));
    let mut list = String::new();
    for outcome in sorted {
        add(&mut list, outcome);
    }
    list
}

/// Joins the distinct non-empty parts with `&`.
fn join<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let (mut seen, mut joined) = (HashSet::new(), String::new());
    for part in parts.filter(|part| !part.is_empty()) {
        if seen.insert(part) {
            let separator = if joined.is_empty() { "" } else { "&" };
            joined.push_str(separator);
            joined.push_str(part);
        }
    }
    joined
}

/// The id of a request, which is also in the log: 12 hexadecimal digits. Clones share the text.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct DeliveryId(Arc<str>);

impl DeliveryId {
    /// Creates a random id.
    pub(crate) fn random() -> Self {
        Self(handset_net::random::hex_token::<6>().into())
    }

    /// Wraps an id that was assigned before a restart.
    pub(crate) fn given(text: String) -> Self {
        Self(text.into())
    }

    /// Returns the text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Maximum characters of a list with reasons, the limit of `HANDSET_REASON`.
const MAX_LIST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(phone: &str, status: Status, reason: &str) -> Outcome {
        Outcome::at(phone, Some(Vendor::Snom), status, reason)
    }

    #[test]
    fn report_of_one_phone_is_its_outcome() {
        let report = Report::of(&[outcome("1001", Status::Denied, "wrong password")]);
        assert_eq!(
            (report.status, report.reason.as_str()),
            (Status::Denied, "wrong password")
        );
        assert_eq!(
            (report.phone.as_str(), report.vendor.as_str()),
            ("1001", "snom")
        );
    }

    #[test]
    fn results_of_phones_of_one_name_are_all_there() {
        let read = |model: &str| Outcome {
            result: Some(serde_json::json!({"model": model})),
            ..outcome("1001", Status::Ok, "")
        };
        let result = Report::of(&[read("T46G"), read("T42S"), read("T19P")]).result;
        let expected = serde_json::json!({
            "1001": {"model": "T46G"}, "1001 (2)": {"model": "T42S"}, "1001 (3)": {"model": "T19P"},
        });
        assert_eq!(result, Some(expected));
    }

    #[test]
    fn report_of_several_phones_is_ok_only_if_all_are() {
        let ok = outcome("1001", Status::Ok, "");
        let queued = outcome("1002", Status::Queued, "");
        let unreachable = outcome("1003", Status::Unreachable, "connection refused");
        assert_eq!(Report::of(&[ok.clone(), ok.clone()]).status, Status::Ok);
        assert_eq!(Report::of(&[ok.clone(), queued]).status, Status::Queued);
        let report = Report::of(&[ok, unreachable.clone()]);
        assert_eq!(report.status, Status::Partial);
        assert_eq!(
            report.reason,
            "1001: OK; 1003: UNREACHABLE (connection refused)"
        );
        assert_eq!(
            (report.phone.as_str(), report.vendor.as_str()),
            ("1001&1003", "snom")
        );
        assert_eq!(
            Report::of(&[unreachable.clone(), unreachable]).status,
            Status::Partial
        );
    }

    #[test]
    fn values_read_are_listed_by_phone() {
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
    fn long_list_omits_the_reasons_and_no_phone() {
        let long = "the phone refused ".repeat(8);
        let report = Report::of(&[
            outcome("1001", Status::Ok, ""),
            outcome("1002", Status::Denied, &long),
            outcome("1003", Status::Rejected, &long),
        ]);
        assert_eq!(report.reason, "1002: DENIED; 1003: REJECTED; 1001: OK");
    }
}
