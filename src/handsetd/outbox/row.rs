//! Rows of the table, with a checksum each.
//!
//! `SQLite` notices damage to the structure of its file, but not to what the rows say. Therefore each
//! row has a checksum of its texts and times, and the states are words that no single error turns
//! into each other. The index has the number of each row a second time.

use std::time::{Duration, UNIX_EPOCH};

use rusqlite::{Row, Transaction, params};
use sha2::{Digest, Sha256};

use super::entry::{EntryState, OutboxEntry, StoredEntry};
use crate::sqlite::{Format, Schema};

/// The format of the file.
pub(super) const FORMAT: Format<StoredEntry> = Format {
    schema: Schema {
        table: "outbox",
        create_table: TABLE,
        create_index: Some(INDEX),
        version: 2,
        // `hs`
        application: 0x6873_0000,
    },
    select: SELECT,
    read,
};

/// Numbers are never reused, so a stale one cannot denote another entry.
const TABLE: &str = "CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    state INTEGER NOT NULL,
    id TEXT NOT NULL,
    requester TEXT NOT NULL,
    verb TEXT NOT NULL,
    keys TEXT NOT NULL,
    phone TEXT NOT NULL,
    phone_ref TEXT NOT NULL,
    at INTEGER NOT NULL,
    keep INTEGER NOT NULL,
    checksum BLOB NOT NULL
) STRICT";

/// The index of the table.
const INDEX: &str = "CREATE INDEX outbox_id ON outbox (id)";

/// Selects what [`read`] reads, in order.
const SELECT: &str = "SELECT number, state, id, requester, verb, keys, phone, phone_ref, \
                                 at, keep, checksum FROM outbox ORDER BY number";

/// Inserts an entry; returns its number.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    entry: &OutboxEntry,
    state: EntryState,
) -> rusqlite::Result<u64> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO outbox \
         (state, id, requester, verb, keys, phone, phone_ref, at, keep, checksum) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    let at = milliseconds(entry.at.duration_since(UNIX_EPOCH).unwrap_or_default());
    let keep = milliseconds(entry.keep);
    let keys = serde_json::to_string(&entry.keys)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let number = insert.insert(params![
        code(state),
        entry.id,
        entry.requester,
        entry.verb,
        keys,
        entry.phone,
        entry.phone_ref,
        at,
        keep,
        checksum(entry, &keys, at, keep),
    ])?;
    Ok(u64::try_from(number).unwrap_or_default())
}

/// Reads a row; `None` if it is invalid.
fn read(row: &Row<'_>) -> Option<StoredEntry> {
    let text = |at: usize| row.get::<_, String>(at).ok();
    let number = |at: usize| row.get::<_, i64>(at).ok();
    let state = number(1)?;
    let (keys, at, keep) = (text(5)?, number(8)?, number(9)?);
    let milliseconds = |time: i64| u64::try_from(time).ok().map(Duration::from_millis);
    let entry = OutboxEntry {
        id: text(2)?,
        requester: text(3)?,
        verb: text(4)?,
        keys: serde_json::from_str(&keys).ok()?,
        phone: text(6)?,
        phone_ref: text(7)?,
        at: UNIX_EPOCH.checked_add(milliseconds(at)?)?,
        keep: milliseconds(keep)?,
        files: None,
    };
    let stored: Vec<u8> = row.get(10).ok()?;
    let is_valid = stored == checksum(&entry, &keys, at, keep);
    let number = u64::try_from(number(0)?).ok()?;
    is_valid.then_some(StoredEntry {
        number,
        state: STATES.into_iter().find(|known| code(*known) == state)?,
        entry,
    })
}

/// Returns the checksum of all columns but the number and the state, which may change.
fn checksum(entry: &OutboxEntry, keys: &str, at: i64, keep: i64) -> Vec<u8> {
    let mut hash = Sha256::new();
    for text in [
        &entry.id,
        &entry.requester,
        &entry.verb,
        keys,
        &entry.phone,
        &entry.phone_ref,
    ] {
        hash.update(text.len().to_le_bytes());
        hash.update(text);
    }
    hash.update(at.to_le_bytes());
    hash.update(keep.to_le_bytes());
    hash.finalize().iter().copied().take(CHECKSUM).collect()
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Returns the stored form of a number.
pub(super) fn row_number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Returns the stored form of a state: the letters `WAIT`, `GONE` and `MOVE`, of which two differ in three
/// bytes at least.
pub(super) fn code(state: EntryState) -> i64 {
    match state {
        EntryState::InFlight | EntryState::Uncertain => 0x474f_4e45,
        EntryState::Moving => 0x4d4f_5645,
        EntryState::Pending => 0x5741_4954,
    }
}

const STATES: [EntryState; 3] = [
    EntryState::InFlight,
    EntryState::Moving,
    EntryState::Pending,
];

/// Length of a checksum, in bytes: enough against errors, and not meant against forgery.
const CHECKSUM: usize = 8;
