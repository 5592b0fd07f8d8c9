//! The version of the file, and whether it is intact.

use rusqlite::Connection;

use super::row::{INDEX, TABLE};

/// What a file is.
#[derive(Debug)]
pub(super) enum Schema {
    /// One of this version, or new.
    Current,
    /// It is damaged, for this reason.
    Damaged(String),
    /// One of a later version.
    Newer,
}

/// Checks the file, and creates the table in a new one.
///
/// The version is stored twice, so that damage to it is not taken for a later version.
pub(super) fn check_or_create(connection: &mut Connection) -> rusqlite::Result<Schema> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (version, application) = (number("user_version")?, number("application_id")?);
    let sql = "SELECT count(*) FROM sqlite_schema";
    let is_empty = connection.query_row(sql, [], |row| row.get::<_, i64>(0))? == 0;
    if (version, application) == (0, 0) && is_empty {
        let transaction = connection.transaction()?;
        transaction.execute_batch(TABLE)?;
        transaction.execute_batch(INDEX)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.pragma_update(None, "application_id", APPLICATION + VERSION)?;
        transaction.commit()?;
        return Ok(Schema::Current);
    }
    if application != APPLICATION.saturating_add(version) {
        let reason = "its version is damaged, or it is of a version before the first release";
        return Ok(Schema::Damaged(reason.to_owned()));
    }
    if version > VERSION {
        return Ok(Schema::Newer);
    }
    // Unlike `quick_check`, this compares the index with the table.
    let sql = "PRAGMA integrity_check(1)";
    let found: String = connection.query_row(sql, [], |row| row.get(0))?;
    if found != "ok" {
        return Ok(Schema::Damaged(found));
    }
    let sql = "SELECT sql FROM sqlite_schema WHERE tbl_name = 'outbox' ORDER BY type DESC";
    let mut statement = connection.prepare(sql)?;
    let definitions = statement.query_map([], |row| row.get::<_, String>(0))?;
    let definitions = definitions.collect::<rusqlite::Result<Vec<_>>>()?;
    if definitions != [TABLE, INDEX] {
        return Ok(Schema::Damaged("its definition is damaged".to_owned()));
    }
    Ok(Schema::Current)
}

/// Version of the schema.
const VERSION: i64 = 2;

/// The application id of a file with version 0: `hs`, and two bytes for the version.
const APPLICATION: i64 = 0x6873_0000;
