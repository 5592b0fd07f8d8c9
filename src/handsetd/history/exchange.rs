//! Records and searches as JSON between daemons, for lists that show the deliveries of all of them.
//!
//! A daemon of another version may leave members out or add others: what is not known is ignored, what is
//! missing has a default, and only a record without number, id or time is refused.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use handset_phones::phone::Vendor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::record::{Record, Step};
use super::redact::Redacted;
use super::requester::Requester;
use crate::outcome::{DeliveryId, Status};

/// A record. Times are in milliseconds since 1970 in UTC, durations in microseconds.
#[derive(Deserialize, Serialize)]
struct Row<'a> {
    number: u64,
    id: Cow<'a, str>,
    at: u64,
    asker: Requester,
    #[serde(default)]
    verb: Cow<'a, str>,
    #[serde(default)]
    keys: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    #[serde(default)]
    whole: bool,
    #[serde(default)]
    phone: Cow<'a, str>,
    #[serde(default)]
    vendor: Cow<'a, str>,
    status: Cow<'a, str>,
    #[serde(default)]
    reason: Cow<'a, str>,
    #[serde(default)]
    took: Option<u64>,
    #[serde(default)]
    steps: Vec<StepRow<'a>>,
    #[serde(default)]
    fetched: Option<u64>,
}

/// A step, with the names that the API gives its fields.
#[derive(Deserialize, Serialize)]
struct StepRow<'a> {
    way: Cow<'a, str>,
    sent: Cow<'a, str>,
    said: Cow<'a, str>,
    took: u64,
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys = self.keys.iter();
        let steps = self.steps.iter().map(|step| StepRow {
            way: (&*step.transport).into(),
            sent: step.request.as_str().into(),
            said: step.reply.as_str().into(),
            took: microseconds(step.duration),
        });
        let row = Row {
            number: self.number,
            id: self.id.to_string().into(),
            at: milliseconds(self.at),
            asker: self.requester.clone(),
            verb: self.verb.as_str().into(),
            keys: keys
                .map(|(key, value)| (key.as_str().into(), value.as_str().into()))
                .collect(),
            whole: self.is_whole,
            phone: self.phone.as_str().into(),
            vendor: self.vendor.map_or("", Vendor::name).into(),
            status: self.status.word().into(),
            reason: self.reason.as_str().into(),
            took: self.duration.map(microseconds),
            steps: steps.collect(),
            fetched: self.fetched.map(milliseconds),
        };
        row.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let row = Row::deserialize(deserializer)?;
        let at = time(row.at);
        let text = |text: Cow<'_, str>| Redacted::restored(text.into_owned());
        let keys = row.keys.into_iter();
        let steps = row.steps.into_iter().map(|step| Step {
            transport: step.way.into_owned().into(),
            request: text(step.sent),
            reply: text(step.said),
            duration: Duration::from_micros(step.took),
        });
        Ok(Self {
            number: row.number,
            id: DeliveryId::given(row.id.into_owned()),
            at,
            started_at: Self::started_at(at, SystemTime::now()),
            requester: row.asker,
            verb: row.verb.into_owned(),
            keys: keys
                .map(|(key, value)| (key.into_owned(), text(value)))
                .collect(),
            is_whole: row.whole,
            phone: row.phone.into_owned(),
            // A later version may know more vendors.
            vendor: row.vendor.parse().ok(),
            // The statuses are part of the contract; any other is ignored.
            status: Status::find(&row.status).unwrap_or(Status::Unknown),
            reason: text(row.reason),
            duration: row.took.map(Duration::from_micros),
            steps: steps.collect(),
            fetched: row.fetched.map(time),
        })
    }
}

/// A status in a search, as its name.
pub(super) mod status {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::outcome::Status;

    #[expect(
        clippy::ref_option,
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes the field so"
    )]
    pub(in crate::history) fn serialize<S: Serializer>(
        status: &Option<Status>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        status.map(Status::word).serialize(serializer)
    }

    pub(in crate::history) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Status>, D::Error> {
        let word = Option::<String>::deserialize(deserializer)?;
        let status = word.map(|word| {
            Status::find(&word).ok_or_else(|| D::Error::custom(format!("unknown status {word:?}")))
        });
        status.transpose()
    }
}

pub(super) fn milliseconds(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Returns a time, [`MAX_TIME`] at most.
fn time(milliseconds: u64) -> SystemTime {
    let since = Duration::from_millis(milliseconds.min(MAX_TIME));
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}

/// The end of the year 9999 in milliseconds, beyond which a time has no text in RFC 3339.
const MAX_TIME: u64 = 253_402_300_799_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::history::{Config, History, RequestInfo, Search};
    use crate::outcome::{Outcome, StepRecord};

    #[test]
    fn record_is_the_same_at_another_daemon() {
        let history = History::new(Config::default());
        let requester = Requester::Page {
            name: "ann".to_owned(),
        };
        let keys = [("title", "A"), ("item", "1|exit"), ("item", "2|exit")];
        let keys = keys.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let info = RequestInfo::new(requester, "push", keys.to_vec());
        let open = history.begin(&info, "1001", Some(Vendor::Snom));
        let mut outcome = Outcome::at("1001", Some(Vendor::Snom), Status::Rejected, "no <display>");
        outcome.steps = Box::new([StepRecord {
            transport: "http",
            request: "GET /".to_owned(),
            reply: "404".to_owned(),
            duration: Duration::from_millis(5),
        }]);
        history.end(open, &outcome);
        let record = history.find(&Search::default(), 1).remove(0);
        let there: Record = serde_json::from_str(&json!(*record).to_string()).unwrap();
        // Durations are rounded.
        let shown = |record: &Record| {
            let mut shown = record.to_json();
            shown["took"] = json!(null);
            shown
        };
        assert_eq!(shown(&there), shown(&record));
        assert_eq!(there.keys, record.keys);
        assert!(there.is_whole && there.requester == record.requester);
    }

    #[test]
    fn records_of_other_versions_are_read_and_redacted_once_more() {
        let newer = json!({
            "number": 7, "id": "ab", "at": u64::MAX, "asker": {"kind": "satellite", "dish": 3}, "status": "PENDING",
            "vendor": "acme", "keys": [["set", "password=hush"]], "colour": "red",
        });
        let record: Record = serde_json::from_value(newer).unwrap();
        assert_eq!(record.requester, Requester::Other);
        assert_eq!((record.status, record.vendor), (Status::Unknown, None));
        assert!(!record.to_json().to_string().contains("hush"));
        for wrong in [
            json!({}),
            json!([]),
            json!({"number": -1, "id": "", "at": 0, "asker": {"kind": "page"}, "status": "OK"}),
            json!({"number": 1, "id": "", "at": 0, "asker": 5, "status": "OK"}),
        ] {
            assert!(serde_json::from_value::<Record>(wrong).is_err());
        }
    }

    #[test]
    fn criterion_that_is_not_known_is_refused_rather_than_ignored() {
        let search = Search {
            status: Some(Status::Denied),
            text: Some("a".to_owned()),
            ..Search::default()
        };
        let mut json = json!(search);
        let read: Search = serde_json::from_value(json.clone()).unwrap();
        assert_eq!((read.status, read.text), (search.status, search.text));
        json["colour"] = json!("red");
        assert!(serde_json::from_value::<Search>(json).is_err());
    }
}
