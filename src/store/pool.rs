//! Connections: one type for both databases, how they are opened, checked and pooled.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{Integer, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};

use crate::store::dialect::is_broken;
use crate::store::storage::{Tells, Trouble};

/// How often a new SQLite file is tried to be switched to its journal (about five seconds).
const MOST_TRIES: u32 = 250;
const PAUSE_BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// A connection to whichever database was chosen at run time.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// Embedded SQLite.
    Sqlite(SqliteConnection),
    /// PostgreSQL.
    Pg(PgConnection),
}

/// Which database, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A file; it is made when it is missing.
    Sqlite(PathBuf),
    /// A connection URL as libpq reads it. May hold a password: never shown.
    Pg(String),
}

/// Why a database could not be used. Shown to the operator only.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names no database that Bellwire knows.
    #[error(
        "The database URL must be sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME (such as sqlite:bellwire.db)."
    )]
    UnknownScheme,
    /// The database refused the connection.
    #[error("The database cannot be opened: {}", one_line(.0))]
    Refused(#[from] diesel::ConnectionError),
    /// A query of the start-up failed.
    #[error("The database cannot be used: {}", one_line(.0))]
    Query(#[from] diesel::result::Error),
    /// A promise of durability would not hold.
    #[error("The database would not keep what it acknowledges: {0}")]
    Unsafe(String),
    /// No connection was to be had in time.
    #[error("No connection to the database: {0}")]
    NoConnection(#[from] r2d2::Error),
    /// Another process holds this file.
    #[error("Another Bellwire process is using {0}. One process serves one SQLite file.")]
    Locked(PathBuf),
    /// The folder or the lock file cannot be used.
    #[error("{0} cannot be used: {1}")]
    File(PathBuf, std::io::Error),
    /// A write failed before, and this process may not try another.
    #[error("The disk under the database failed. Nothing is written until the process is started anew.")]
    Broken,
    /// A migration failed.
    #[error("The database cannot be migrated: {0}")]
    Migration(String),
}

impl Tells for OpenError {
    fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Query(error) => error.trouble(),
            Self::Broken => Some(Trouble::Broken),
            _ => None,
        }
    }
}

/// What a database told, its line breaks removed: one sentence for the operator, one line in the log.
fn one_line(told: &impl Display) -> String {
    told.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Address {
    /// Reads `sqlite:path`, `sqlite://path`, `postgres://…` or `postgresql://…`.
    pub fn parse(url: &str) -> Result<Self, OpenError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Pg(url.to_owned()));
        }
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
        match path {
            Some(path) if !path.is_empty() && !path.starts_with(':') => Ok(Self::Sqlite(path.into())),
            _ => Err(OpenError::UnknownScheme),
        }
    }

    /// Whether one process owns this database.
    pub const fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Opens one connection and makes sure that it keeps Bellwire's promises.
    pub fn open(&self) -> Result<Conn, OpenError> {
        match self {
            Self::Sqlite(path) => open_sqlite(path).map(Conn::Sqlite),
            Self::Pg(url) => open_pg(url).map(Conn::Pg),
        }
    }
}

fn open_sqlite(path: &Path) -> Result<SqliteConnection, OpenError> {
    make_private(path)?;
    let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
    conn.batch_execute("PRAGMA busy_timeout = 5000")?;
    switch_to_wal(&mut conn)?;
    conn.batch_execute(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864; \
         PRAGMA cache_size = -8000; \
         PRAGMA wal_autocheckpoint = 4000;",
    )?;
    assert_sqlite(&mut conn)?;
    Ok(conn)
}

/// Makes a missing file one that only its owner may read; SQLite gives its journal the same mode. A file
/// that is there is left alone: closing it would drop the locks that SQLite holds on it in this process.
fn make_private(path: &Path) -> Result<(), OpenError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(OpenError::File(path.into(), error)),
        _ => Ok(()),
    }
}

/// Only the first connection to a new file switches anything. Two that do so at once would wait for each
/// other, so SQLite refuses one of them without its usual patience.
fn switch_to_wal(conn: &mut SqliteConnection) -> Result<(), OpenError> {
    let mut tries = 1;
    loop {
        match conn.batch_execute("PRAGMA journal_mode = WAL") {
            Err(diesel::result::Error::DatabaseError(_, told))
                if told.message().contains("locked") && tries < MOST_TRIES =>
            {
                tries += 1;
                std::thread::park_timeout(PAUSE_BETWEEN_TRIES);
            }
            switched => return Ok(switched?),
        }
    }
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = Integer)]
    value: i32,
}

/// Refuses a connection on which an acknowledged event could be lost.
fn assert_sqlite(conn: &mut SqliteConnection) -> Result<(), OpenError> {
    let text = |conn: &mut SqliteConnection, sql: &str| {
        diesel::sql_query(sql).get_result::<Setting>(conn).map(|s| s.value)
    };
    let number = |conn: &mut SqliteConnection, sql: &str| {
        diesel::sql_query(sql).get_result::<Number>(conn).map(|n| n.value)
    };
    let version = text(conn, "SELECT sqlite_version() AS value")?;
    if version_number(&version) < [3, 51, 3] {
        return Err(OpenError::Unsafe(format!(
            "SQLite {version} can corrupt a database; 3.51.3 is the oldest accepted"
        )));
    }
    let journal = text(conn, "SELECT journal_mode AS value FROM pragma_journal_mode")?;
    if journal != "wal" {
        return Err(OpenError::Unsafe(format!(
            "its journal is '{journal}' and cannot be switched to 'wal'; it needs a local file system"
        )));
    }
    if number(conn, "SELECT synchronous AS value FROM pragma_synchronous")? != 2 {
        return Err(OpenError::Unsafe("synchronous is not FULL".into()));
    }
    if number(conn, "SELECT foreign_keys AS value FROM pragma_foreign_keys")? != 1 {
        return Err(OpenError::Unsafe("foreign keys are not enforced".into()));
    }
    Ok(())
}

fn version_number(text: &str) -> [u32; 3] {
    let mut parts = text.split('.').map(|p| p.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

fn open_pg(url: &str) -> Result<PgConnection, OpenError> {
    let mut conn = PgConnection::establish(&patient(url))?;
    conn.batch_execute(
        "SET timezone = 'UTC'; SET client_min_messages = warning; SET statement_timeout = '30s'; \
         SET idle_in_transaction_session_timeout = '30s'; SET lock_timeout = '10s';",
    )?;
    assert_pg(&mut conn)?;
    Ok(conn)
}

/// The same URL with an end to the wait for a server that takes a connection and says nothing.
fn patient(url: &str) -> String {
    if url.contains("connect_timeout") {
        return url.to_owned();
    }
    format!("{url}{}connect_timeout=5", if url.contains('?') { '&' } else { '?' })
}

/// Refuses a server on which an acknowledged event could be lost. Tests that do not test
/// durability say so with `application_name=bellwire-throwaway`.
fn assert_pg(conn: &mut PgConnection) -> Result<(), OpenError> {
    let show = |conn: &mut PgConnection, name: &str| {
        diesel::sql_query(format!("SELECT current_setting('{name}') AS value"))
            .get_result::<Setting>(conn)
            .map(|s| s.value)
    };
    if show(conn, "application_name")? == "bellwire-throwaway" {
        return Ok(());
    }
    if show(conn, "fsync")? != "on" {
        return Err(OpenError::Unsafe("PostgreSQL runs with fsync=off".into()));
    }
    if show(conn, "synchronous_commit")? == "off" {
        return Err(OpenError::Unsafe("PostgreSQL runs with synchronous_commit=off".into()));
    }
    Ok(())
}

/// A pool of connections for reading, and on PostgreSQL for ordinary writing too.
pub type Pool = r2d2::Pool<Manager>;

/// Opens connections for the pool.
#[derive(Clone, Debug)]
pub struct Manager(pub Address);

impl r2d2::ManageConnection for Manager {
    type Connection = Conn;
    type Error = OpenError;

    fn connect(&self) -> Result<Conn, OpenError> {
        self.0.open()
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), OpenError> {
        diesel::sql_query("SELECT 1").execute(conn)?;
        Ok(())
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        is_broken(conn)
    }
}

/// Opens a pool of at most `size` connections. A caller waits at most five seconds for one.
pub fn pool(address: &Address, size: u32) -> Result<Pool, OpenError> {
    let checked = !address.is_sqlite();
    r2d2::Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        .test_on_check_out(checked)
        .connection_timeout(Duration::from_secs(5))
        .build(Manager(address.clone()))
        .map_err(OpenError::NoConnection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_says_nothing_is_not_waited_for() {
        assert_eq!(patient("postgres://x@y/z"), "postgres://x@y/z?connect_timeout=5");
        assert_eq!(patient("postgres://y/z?a=b"), "postgres://y/z?a=b&connect_timeout=5");
        assert_eq!(patient("postgres://y/z?connect_timeout=9"), "postgres://y/z?connect_timeout=9");
    }

    #[test]
    fn a_url_names_one_of_two_databases() {
        assert_eq!(Address::parse("sqlite:a.db").unwrap(), Address::Sqlite("a.db".into()));
        assert_eq!(Address::parse("sqlite:///var/a.db").unwrap(), Address::Sqlite("/var/a.db".into()));
        assert!(matches!(Address::parse("postgres://x@y/z").unwrap(), Address::Pg(_)));
        for bad in ["", "mysql://x", "sqlite:", "sqlite::memory:", "bellwire.db"] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_setting_that_could_lose_events_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut conn = open_sqlite(&folder.path().join("a.db")).unwrap();
        for (breaks, mends) in [
            ("PRAGMA synchronous = NORMAL", "PRAGMA synchronous = FULL"),
            ("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"),
            ("PRAGMA journal_mode = DELETE", "PRAGMA journal_mode = WAL"),
        ] {
            conn.batch_execute(breaks).unwrap();
            assert!(matches!(assert_sqlite(&mut conn), Err(OpenError::Unsafe(_))), "{breaks}");
            conn.batch_execute(mends).unwrap();
            assert_sqlite(&mut conn).unwrap();
        }
        assert!(version_number("3.51.2") < [3, 51, 3]);
        assert!(version_number("3.53.2") >= [3, 51, 3]);
    }
}
