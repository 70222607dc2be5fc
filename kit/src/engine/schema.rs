//! Opening a database: settings, creation, upgrades, and refusing what is newer than we know.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use crate::clock::Chance;
use crate::crash;
use crate::error::{Error, Result};
use crate::id::uuid_v7;
use crate::sql::Sql;

const KIT: &[&str] = &[
    include_str!("../../migrations/0001_kit.sql"),
    include_str!("../../migrations/0002_access.sql"),
    include_str!("../../migrations/0003_requests.sql"),
    include_str!("../../migrations/0004_dead_letter.sql"),
    include_str!("../../migrations/0005_told_before.sql"),
    include_str!("../../migrations/0006_checks.sql"),
];

/// The newest version of the tables of the kit.
pub const KIT_VERSION: u64 = KIT.len() as u64;

/// The row of `meta` that lists the identities of the databases in whose place this one was put, the newest first.
pub const REPLACES: &str = "replaces_origins";

/// Statements a connection keeps prepared.
const STATEMENTS_KEPT: usize = 128;

/// What stands in the way of opening a database.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file was written by a newer version of the service.
    #[error(
        "the database {path} has version {found} of the tables of {part}, this program knows {known}; \
         start the version that wrote it, or a newer one"
    )]
    Newer {
        /// The file.
        path: String,
        /// Whose tables: `kit` or the service.
        part: String,
        /// The version in the file.
        found: usize,
        /// The newest version this program knows.
        known: usize,
    },
    /// The file belongs to another service.
    #[error("the database {path} belongs to {found}, not to {wanted}")]
    Foreign {
        /// The file.
        path: String,
        /// The service that made it.
        found: String,
        /// The service that tried to open it.
        wanted: String,
    },
    /// The file cannot be read, written or upgraded.
    #[error("the database {path} cannot be opened")]
    Storage {
        /// The file.
        path: String,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
}

/// What turns rows into others, where SQL has no words for it.
pub type Turn = fn(&Connection) -> rusqlite::Result<()>;

/// What makes the tables of a part and upgrades them.
#[derive(Debug, Clone, Copy)]
pub struct Migrations<'a> {
    /// The scripts, in order.
    pub scripts: &'a [&'a str],
    /// What turns rows, behind the script with this number.
    pub turns: Option<(usize, Turn)>,
}

/// Opens the only connection that writes, creating and upgrading the tables in one transaction, with scripts alone.
///
/// # Errors
/// As [`open_and_upgrade`].
pub fn open_writer(
    path: &Path,
    service: &str,
    scripts: &[&str],
    now: Timestamp,
    chance: &mut dyn Chance,
) -> Result<(Connection, String), OpenError> {
    open_and_upgrade(path, service, Migrations { scripts, turns: None }, now, chance)
}

/// Opens the only connection that writes, creating and upgrading the tables in one transaction.
///
/// # Errors
/// [`OpenError`]; nothing has been changed then.
#[expect(clippy::disallowed_methods, reason = "this is the one place that opens a database to write")]
pub(crate) fn open_and_upgrade(
    path: &Path,
    service: &str,
    migrations: Migrations<'_>,
    now: Timestamp,
    chance: &mut dyn Chance,
) -> Result<(Connection, String), OpenError> {
    let name = path.display().to_string();
    let storage = |source| OpenError::Storage { path: name.clone(), source };
    keep_private(path);
    let mut connection = Connection::open(path).map_err(storage)?;
    prepare(&connection).map_err(storage)?;
    // FULL syncs the write-ahead log at each commit: what was answered survives a power cut. Checkpoints
    // are made by `log`: SQLite keeps the errors of its own to itself.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;
             PRAGMA wal_autocheckpoint = 0;",
        )
        .map_err(storage)?;
    let origin = migrate(&mut connection, &name, service, migrations, now, chance)?;
    Ok((connection, origin))
}

/// Copies a database into memory, for a simulator that needs thousands of them.
///
/// # Errors
/// [`OpenError::Storage`] if there is no memory for it.
#[cfg(feature = "testing")]
pub(crate) fn copy_in_memory(from: &Connection) -> Result<Connection, OpenError> {
    let storage = |source| OpenError::Storage { path: "in memory".to_owned(), source };
    let mut copy = Connection::open_in_memory().map_err(storage)?;
    let all_pages = -1;
    rusqlite::backup::Backup::new(from, &mut copy)
        .and_then(|backup| backup.step(all_pages).map(drop))
        .map_err(storage)?;
    prepare(&copy).map_err(storage)?;
    Ok(copy)
}

/// Opens a connection that can only read.
///
/// # Errors
/// If the file is not there or cannot be read.
#[expect(clippy::disallowed_methods, reason = "this is the one place that opens a database to read")]
pub fn open_reader(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    prepare(&connection)?;
    connection.execute_batch("PRAGMA query_only = ON;")?;
    Ok(connection)
}

/// Opens a connection that only writes the log into the database. Closing it never does that: the last to be closed is
/// the writer's, or nobody's if the database is broken.
///
/// # Errors
/// If the file is not there or cannot be read.
#[expect(clippy::disallowed_methods, reason = "this is the one place that opens a database to write its log")]
pub(crate) fn open_for_log(path: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    prepare(&connection)?;
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = ON;")?;
    Ok(connection)
}

/// The identities of the databases in whose place this one was put by a restore, the newest first.
///
/// # Errors
/// If the table cannot be read.
pub fn replaced(sql: &Sql<'_>) -> Result<Vec<String>> {
    let all: Option<String> =
        sql.find("SELECT value FROM meta WHERE name = ?1", [REPLACES], |row| row.get(0))?;
    Ok(all.unwrap_or_default().split_whitespace().map(str::to_owned).collect())
}

/// Makes the file for its owner only, if it is not there, and shuts others out if it is. The files that
/// SQLite puts beside it get the same rights. What goes wrong here, opening says better.
fn keep_private(path: &Path) {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let _ = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // Without this SQLite plans a statement anew at each use if what is bound could change its plan, as with
    // `LIMIT ?`, which costs many times what the statement does.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(
        "PRAGMA busy_timeout = 5000;
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -4000;",
    )
}

fn migrate(
    connection: &mut Connection,
    path: &str,
    service: &str,
    migrations: Migrations<'_>,
    now: Timestamp,
    chance: &mut dyn Chance,
) -> Result<String, OpenError> {
    let storage = |source| OpenError::Storage { path: path.to_owned(), source };
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(storage)?;
    tx.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_version (
             part     TEXT    NOT NULL PRIMARY KEY,
             version  INTEGER NOT NULL
         ) STRICT, WITHOUT ROWID;",
    )
    .map_err(storage)?;
    let kit = Migrations { scripts: KIT, turns: None };
    for (part, Migrations { scripts, turns }) in [("kit", kit), (service, migrations)] {
        let found: usize = tx
            .query_row(
                "SELECT coalesce(max(version), 0) FROM schema_version WHERE part = ?1",
                [part],
                |row| row.get(0),
            )
            .map_err(storage)?;
        if found > scripts.len() {
            let (path, part) = (path.to_owned(), part.to_owned());
            return Err(OpenError::Newer { path, part, found, known: scripts.len() });
        }
        for (version, script) in (1..).zip(scripts).skip(found) {
            tx.execute_batch(script).map_err(storage)?;
            if let Some((_, turn)) = turns.filter(|(behind, _)| *behind == version) {
                turn(&tx).map_err(storage)?;
            }
            crash::point("migrate.step", part).map_err(armed).map_err(storage)?;
        }
        tx.execute(
            "INSERT OR REPLACE INTO schema_version (part, version) VALUES (?1, ?2)",
            params![part, scripts.len()],
        )
        .map_err(storage)?;
    }
    let origin = crate::id::encode(uuid_v7(now, chance));
    let claim = |name: &str, value: &str| -> rusqlite::Result<String> {
        tx.execute("INSERT OR IGNORE INTO meta (name, value) VALUES (?1, ?2)", [name, value])?;
        tx.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
    };
    let found = claim("service", service).map_err(storage)?;
    let origin = claim("origin", &origin).map_err(storage)?;
    if found != service {
        return Err(OpenError::Foreign { path: path.to_owned(), found, wanted: service.to_owned() });
    }
    tx.commit().map_err(storage)?;
    Ok(origin)
}

/// The error of a crash point, as if SQLite had said it.
fn armed(error: Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        Self::internal("the database cannot be opened").caused_by(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemChance;

    fn open(path: &Path, service: &str, migrations: &[&str]) -> Result<(Connection, String), OpenError> {
        open_writer(path, service, migrations, Timestamp::UNIX_EPOCH, &mut SystemChance)
    }

    #[test]
    fn a_database_is_upgraded_from_version_one_and_keeps_its_identity() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thing.db");
        let one = "CREATE TABLE things (id INTEGER NOT NULL PRIMARY KEY) STRICT;";
        let two = "ALTER TABLE things ADD COLUMN name TEXT NOT NULL DEFAULT '';";
        let (first, origin) = open(&path, "thing", &[one]).unwrap();
        first.execute("INSERT INTO things (id) VALUES (7)", []).unwrap();
        drop(first);
        let (second, same) = open(&path, "thing", &[one, two]).unwrap();
        assert_eq!(same, origin);
        let row: (i64, String) = second
            .query_row("SELECT id, name FROM things", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!(row, (7, String::new()));
    }

    #[test]
    fn rows_that_no_script_can_turn_are_turned_once_and_with_the_tables() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thing.db");
        let one = "CREATE TABLE words (word TEXT NOT NULL) STRICT; INSERT INTO words VALUES ('a'), ('b');";
        drop(open(&path, "thing", &[one]).unwrap());
        let twice: Turn = |sql| sql.execute("UPDATE words SET word = word || word", []).map(drop);
        let again = || {
            let migrations = Migrations { scripts: &[one, ""], turns: Some((2, twice)) };
            open_and_upgrade(&path, "thing", migrations, Timestamp::UNIX_EPOCH, &mut SystemChance).unwrap().0
        };
        drop(again());
        let words: String =
            again().query_row("SELECT group_concat(word) FROM words", [], |row| row.get(0)).unwrap();
        assert_eq!(words, "aa,bb");
    }

    #[test]
    fn a_database_newer_than_the_program_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thing.db");
        open(&path, "thing", &["CREATE TABLE a (x INTEGER) STRICT;", "CREATE TABLE b (x INTEGER) STRICT;"])
            .unwrap();
        let refused = open(&path, "thing", &["CREATE TABLE a (x INTEGER) STRICT;"]).unwrap_err();
        assert!(matches!(refused, OpenError::Newer { found: 2, known: 1, .. }), "{refused}");
    }

    #[test]
    fn a_broken_upgrade_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thing.db");
        let good = "CREATE TABLE a (x INTEGER) STRICT;";
        open(&path, "thing", &[good]).unwrap();
        let broken = "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);";
        assert!(matches!(open(&path, "thing", &[good, broken]), Err(OpenError::Storage { .. })));
        let (connection, _) = open(&path, "thing", &[good]).unwrap();
        assert!(connection.prepare("SELECT x FROM b").is_err());
    }

    #[test]
    fn nobody_opens_the_database_of_another_service() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thing.db");
        open(&path, "thing", &[]).unwrap();
        assert!(matches!(open(&path, "other", &[]), Err(OpenError::Foreign { .. })));
    }

    #[test]
    fn a_database_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thing.db");
        std::fs::write(&path, "").unwrap();
        let _open = open(&path, "thing", &[]).unwrap();
        for entry in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", entry.path());
        }
    }

    #[test]
    fn a_reader_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thing.db");
        open(&path, "thing", &[]).unwrap();
        let reader = open_reader(&path).unwrap();
        assert!(reader.execute("DELETE FROM meta", []).is_err());
    }
}
