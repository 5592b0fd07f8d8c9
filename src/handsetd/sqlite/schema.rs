//! The version of a file, and whether it is intact.

use rusqlite::Connection;

/// The table of a file and its version.
#[derive(Debug)]
pub(crate) struct Schema {
    /// The name of the table.
    pub(crate) table: &'static str,
    /// The statement that creates it.
    pub(crate) create_table: &'static str,
    /// The statement that creates its index, if it has one.
    pub(crate) create_index: Option<&'static str>,
    /// Changes with the definitions, and with the meaning of the values.
    pub(crate) version: i64,
    /// The application id of a file with version 0: two letters, and two bytes for the version.
    pub(crate) application: i64,
}

/// What a file is.
#[derive(Debug)]
pub(super) enum State {
    /// One of this version, or new.
    Current,
    /// It is damaged, for this reason.
    Damaged(String),
    /// One of a later version.
    Newer,
}

impl Schema {
    /// Checks the file, and creates the table in a new one.
    ///
    /// The version is stored twice, so that damage to it is not taken for a later version.
    pub(super) fn check_or_create(&self, connection: &mut Connection) -> rusqlite::Result<State> {
        let number =
            |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let (version, application) = (number("user_version")?, number("application_id")?);
        let sql = "SELECT count(*) FROM sqlite_schema";
        let is_empty = connection.query_row(sql, [], |row| row.get::<_, i64>(0))? == 0;
        if (version, application) == (0, 0) && is_empty {
            self.create(connection)?;
            return Ok(State::Current);
        }
        if application != self.application.saturating_add(version) {
            let reason = "its version is damaged, or it is of a version before the first release";
            return Ok(State::Damaged(reason.to_owned()));
        }
        if version > self.version {
            return Ok(State::Newer);
        }
        // Unlike `quick_check`, this compares the index with the table.
        let sql = "PRAGMA integrity_check(1)";
        let found: String = connection.query_row(sql, [], |row| row.get(0))?;
        if found != "ok" {
            return Ok(State::Damaged(found));
        }
        let sql = "SELECT sql FROM sqlite_schema WHERE tbl_name = ?1 ORDER BY type DESC";
        let mut statement = connection.prepare(sql)?;
        let definitions = statement.query_map([self.table], |row| row.get::<_, String>(0))?;
        let definitions = definitions.collect::<rusqlite::Result<Vec<_>>>()?;
        if !definitions.iter().eq(self.definitions()) {
            return Ok(State::Damaged("its definition is damaged".to_owned()));
        }
        Ok(State::Current)
    }

    fn create(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        let transaction = connection.transaction()?;
        for definition in self.definitions() {
            transaction.execute_batch(definition)?;
        }
        let application = self.application.saturating_add(self.version);
        transaction.pragma_update(None, "user_version", self.version)?;
        transaction.pragma_update(None, "application_id", application)?;
        transaction.commit()
    }

    fn definitions(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.create_table).chain(self.create_index)
    }
}
