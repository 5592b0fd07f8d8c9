//! The rows of the file: one per delivery, as text that later versions of the program can read.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::types::{ToSqlOutput, Value as SqlValue, ValueRef};
use rusqlite::{CachedStatement, Row, ToSql, Transaction};
use serde::{Deserialize, Serialize, Serializer};

use crate::history::record::{Record, Step};
use crate::history::redact::Redacted;
use crate::outcome::{DeliveryId, Status};
use crate::sqlite::{Format, Schema};

/// The format of the file.
pub(super) const FORMAT: Format<Record> = Format {
    schema: Schema {
        table: "deliveries",
        create_table: TABLE,
        create_index: None,
        version: 1,
        // `hh`
        application: 0x6868_0000,
    },
    select: SELECT,
    read,
};

/// Times are in milliseconds since 1970 in UTC, durations in nanoseconds; `NULL` is what has not
/// happened. `whole` is whether `keys` are those of the request, with nothing left out.
const TABLE: &str = "CREATE TABLE deliveries (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    requester TEXT NOT NULL,
    verb TEXT NOT NULL,
    keys TEXT NOT NULL,
    whole INTEGER NOT NULL,
    phone TEXT NOT NULL,
    vendor TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    took INTEGER,
    steps TEXT NOT NULL,
    fetched INTEGER
) STRICT";

const SELECT: &str = "SELECT number, id, at, requester, verb, keys, whole, phone, vendor, status, reason, \
                      took, steps, fetched FROM deliveries ORDER BY number";

const UPSERT: &str = "INSERT OR REPLACE INTO deliveries \
                      (number, id, at, requester, verb, keys, whole, phone, vendor, status, reason, took, steps, fetched) \
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

/// A step, with the names that the API gives its fields.
#[derive(Deserialize, Serialize)]
struct StoredStep<'a> {
    way: Cow<'a, str>,
    sent: Cow<'a, str>,
    said: Cow<'a, str>,
    /// In nanoseconds.
    took: u64,
}

/// Inserts records, or replaces those of the same numbers.
pub(super) fn upsert<'a>(
    transaction: &Transaction<'_>,
    records: impl IntoIterator<Item = &'a Record>,
) -> rusqlite::Result<()> {
    let mut writer = RowWriter {
        statement: transaction.prepare_cached(UPSERT)?,
        previous: None,
        json: Vec::new(),
    };
    records
        .into_iter()
        .try_for_each(|record| writer.write(record))
}

/// Writes one row after the other. A text that the previous one has as well stays bound: the deliveries of one
/// request have most of them in common.
struct RowWriter<'s, 'r> {
    statement: CachedStatement<'s>,
    previous: Option<&'r Record>,
    /// Memory for values as JSON.
    json: Vec<u8>,
}

impl<'r> RowWriter<'_, 'r> {
    fn write(&mut self, record: &'r Record) -> rusqlite::Result<()> {
        let previous = self.previous.replace(record);
        let differs = |is_same: fn(&Record, &Record) -> bool| {
            previous.is_none_or(|previous| !is_same(previous, record))
        };
        self.bind(1, signed(record.number))?;
        if differs(|a, b| a.id == b.id) {
            self.bind(2, record.id.as_str())?;
        }
        self.bind(3, signed(milliseconds(record.at)))?;
        if differs(|a, b| a.requester == b.requester) {
            self.bind_json(4, |to| record.requester.serialize(to))?;
        }
        if differs(|a, b| a.verb == b.verb) {
            self.bind(5, &record.verb)?;
        }
        if differs(|a, b| Arc::ptr_eq(&a.keys, &b.keys)) {
            let pairs = record.keys.iter().map(|(key, value)| (key, value.as_str()));
            self.bind_json(6, |to| to.collect_seq(pairs))?;
        }
        self.bind(7, record.is_whole)?;
        self.bind(8, &record.phone)?;
        if differs(|a, b| a.vendor == b.vendor) {
            self.bind(9, record.vendor.map_or("", |vendor| vendor.name()))?;
        }
        if differs(|a, b| a.status == b.status) {
            self.bind(10, record.status.word())?;
        }
        if differs(|a, b| a.reason == b.reason) {
            self.bind(11, record.reason.as_str())?;
        }
        let duration = record.duration.map(nanoseconds);
        self.bind(12, duration.map(signed))?;
        self.bind_json(13, |to| to.collect_seq(record.steps.iter().map(stored)))?;
        let fetched = record.fetched.map(milliseconds);
        self.bind(14, fetched.map(signed))?;
        self.statement.raw_execute().map(drop)
    }

    /// Binds a column of [`UPSERT`], which counts them from 1.
    fn bind(&mut self, column: usize, value: impl ToSql) -> rusqlite::Result<()> {
        self.statement.raw_bind_parameter(column, value)
    }

    fn bind_json(
        &mut self,
        column: usize,
        write: impl FnOnce(&mut serde_json::Serializer<&mut Vec<u8>>) -> serde_json::Result<()>,
    ) -> rusqlite::Result<()> {
        self.json.clear();
        write(&mut serde_json::Serializer::new(&mut self.json))
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let text = ToSqlOutput::Borrowed(ValueRef::Text(&self.json));
        self.statement.raw_bind_parameter(column, text)
    }
}

/// Deletes the records of these numbers.
pub(super) fn delete(
    transaction: &Transaction<'_>,
    mut numbers: impl Iterator<Item = u64>,
) -> rusqlite::Result<()> {
    let mut delete = transaction.prepare_cached("DELETE FROM deliveries WHERE number = ?1")?;
    numbers.try_for_each(|number| delete.execute([signed(number)]).map(drop))
}

/// Deletes the records of lower numbers.
pub(super) fn delete_below(transaction: &Transaction<'_>, number: u64) -> rusqlite::Result<()> {
    let mut delete = transaction.prepare_cached("DELETE FROM deliveries WHERE number < ?1")?;
    delete.execute([signed(number)]).map(drop)
}

/// Deletes all records.
pub(super) fn clear(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM deliveries", []).map(drop)
}

/// Reads a row; `None` if it is invalid.
fn read(row: &Row<'_>) -> Option<Record> {
    let text = |at: usize| row.get::<_, String>(at).ok();
    let number = |at: usize| row.get::<_, i64>(at).ok().and_then(unsigned);
    let optional = |at: usize| match row.get::<_, SqlValue>(at).ok()? {
        SqlValue::Null => Some(None),
        SqlValue::Integer(number) => unsigned(number).map(Some),
        _ => None,
    };
    let at = time(number(2)?)?;
    let keys: Vec<(String, String)> = serde_json::from_str(&text(5)?).ok()?;
    let steps: Vec<StoredStep<'_>> = serde_json::from_str(&text(12)?).ok()?;
    let fetched = match optional(13)? {
        Some(at) => Some(time(at)?),
        None => None,
    };
    let redacted = |(key, value)| (key, Redacted::restored(value));
    let step = |step: StoredStep<'_>| Step {
        transport: step.way.into_owned().into(),
        request: Redacted::restored(step.sent.into_owned()),
        reply: Redacted::restored(step.said.into_owned()),
        duration: Duration::from_nanos(step.took),
    };
    Some(Record {
        number: number(0)?,
        id: DeliveryId::given(text(1)?),
        at,
        started_at: Record::started_at(at, SystemTime::now()),
        requester: serde_json::from_str(&text(3)?).ok()?,
        verb: text(4)?,
        keys: keys.into_iter().map(redacted).collect(),
        is_whole: number(6)? != 0,
        phone: text(7)?,
        // A later version may know more vendors.
        vendor: text(8)?.parse().ok(),
        status: Status::find(&text(9)?)?,
        reason: Redacted::restored(text(10)?),
        duration: optional(11)?.map(Duration::from_nanos),
        steps: steps.into_iter().map(step).collect(),
        fetched,
    })
}

fn stored(step: &Step) -> StoredStep<'_> {
    StoredStep {
        way: (&*step.transport).into(),
        sent: step.request.as_str().into(),
        said: step.reply.as_str().into(),
        took: nanoseconds(step.duration),
    }
}

fn milliseconds(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn time(milliseconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))
}

/// Returns the stored form of a number.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> Option<u64> {
    u64::try_from(number).ok()
}
