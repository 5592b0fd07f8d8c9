//! The file of the outbox.

use std::path::Path;

use rusqlite::{Transaction, params};

use super::entry::{EntryState, OutboxEntry, StoredEntry};
use super::row::{self, FORMAT, code, row_number};
use crate::sqlite::{self, Database, Opened};

/// The file, open.
#[derive(Debug)]
pub(super) struct File(pub(super) Database);

/// One change.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Delete(u64),
    /// The pending entries of the request `id` for these phones.
    DeletePending {
        id: String,
        phones: Vec<String>,
    },
    Insert(OutboxEntry, EntryState),
    SetState(u64, EntryState),
}

impl File {
    /// Opens or creates the file. Entries of a damaged one may have been sent. Blocks.
    pub(super) fn open(path: &Path) -> Result<Opened<StoredEntry>, sqlite::Error> {
        sqlite::open(path, &FORMAT, insert_uncertain)
    }

    /// Applies all changes or none; returns a number for each, which is that of the entry where one
    /// was inserted. Blocks until they are durable.
    pub(super) fn write<'a>(
        &mut self,
        changes: impl Iterator<Item = &'a Change>,
    ) -> Result<Vec<u64>, sqlite::Error> {
        self.0
            .transaction(|transaction| changes.map(|change| apply(transaction, change)).collect())
    }
}

/// Inserts entries whose state is unknown, as ones that may have been sent.
fn insert_uncertain(
    database: &mut Database,
    entries: Vec<StoredEntry>,
) -> Result<Vec<StoredEntry>, sqlite::Error> {
    let insert = |transaction: &Transaction<'_>| {
        let insert = |stored: StoredEntry| {
            let number = row::insert(transaction, &stored.entry, EntryState::Uncertain)?;
            Ok(StoredEntry {
                number,
                state: EntryState::Uncertain,
                ..stored
            })
        };
        entries.into_iter().map(insert).collect()
    };
    database.transaction(insert)
}

fn apply(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<u64> {
    match change {
        Change::Delete(number) => {
            let mut delete = transaction.prepare_cached("DELETE FROM outbox WHERE number = ?1")?;
            delete.execute([row_number(*number)])?;
        }
        Change::Insert(entry, state) => return row::insert(transaction, entry, *state),
        Change::SetState(number, state) => set_state(transaction, *number, *state)?,
        Change::DeletePending { id, phones } => {
            let mut delete = transaction
                .prepare_cached("DELETE FROM outbox WHERE id = ?1 AND phone = ?2 AND state = ?3")?;
            for phone in phones {
                delete.execute(params![id, phone, code(EntryState::Pending)])?;
            }
        }
    }
    Ok(0)
}

fn set_state(
    transaction: &Transaction<'_>,
    number: u64,
    state: EntryState,
) -> rusqlite::Result<()> {
    let mut update =
        transaction.prepare_cached("UPDATE outbox SET state = ?2 WHERE number = ?1")?;
    update.execute(params![row_number(number), code(state)])?;
    Ok(())
}
