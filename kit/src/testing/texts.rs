//! Every text that stands in a database, whatever the tables are: for tests of what must stand nowhere.

use rusqlite::types::ValueRef;

use crate::error::Result;
use crate::sql::Sql;

/// Hands over every text and every blob of every row, with the name of its table. Numbers are left out, and so is
/// what stands only in an index or on a page that is free again: for that, look at the file.
///
/// # Errors
/// If a table cannot be read.
pub fn texts(sql: &Sql<'_>, mut each: impl FnMut(&str, &[u8])) -> Result<()> {
    let tables: Vec<String> =
        sql.list("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", [], |row| row.get(0))?;
    for table in tables {
        // Not kept prepared: there are more tables than a connection keeps statements.
        let all = format!("SELECT * FROM \"{}\"", table.replace('"', "\"\""));
        let mut statement = sql.connection().prepare(&all)?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                match row.get_ref(column)? {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => each(&table, bytes),
                    ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => {}
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn every_text_and_every_blob_is_handed_over_with_its_table() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE one (id INTEGER PRIMARY KEY, name TEXT, code BLOB) STRICT;
                 CREATE TABLE \"an \"\"other\" (name TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
                 INSERT INTO one (name, code) VALUES ('ann', x'0102'), (NULL, NULL);
                 INSERT INTO \"an \"\"other\" VALUES ('bob');",
            )
            .unwrap();
        let mut found = Vec::new();
        texts(&Sql::new(&connection), |table, bytes| found.push((table.to_owned(), bytes.to_vec()))).unwrap();
        let expected = [("an \"other", &b"bob"[..]), ("one", b"ann"), ("one", b"\x01\x02")];
        assert_eq!(found, expected.map(|(table, bytes)| (table.to_owned(), bytes.to_vec())));
    }
}
