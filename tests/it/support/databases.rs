//! The two databases a test can stand on, and the way to say that a test stands on both.

use super::postgres::PostgresDatabase;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};
use std::collections::BTreeMap;
use tempfile::TempDir;

/// What is written of those who were denied something, a moment later.
const DENIALS: &str = "('access.denied', 'token.refused')";
/// Columns that a request may write although it changes nothing: when a token or a session was last used.
const TOUCHED: &str = "('last_used_at', 'last_used_ip', 'last_used_agent', 'last_seen_at')";
/// The table of when each scope of a token was last used; likewise.
const USES: &str = "token_uses";

/// An empty database that goes with this value.
pub enum TestDatabase {
    /// A file in a folder of its own.
    Sqlite(TempDir),
    /// A database on the run's server.
    Postgres(PostgresDatabase),
}

impl TestDatabase {
    /// A new SQLite file; nothing has opened it yet.
    pub fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().expect("a temporary folder"))
    }

    /// A new PostgreSQL database.
    pub fn postgres() -> Self {
        Self::Postgres(PostgresDatabase::create())
    }

    /// What to give as the database URL.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite://{}", folder.path().join("bellwire.db").display()),
            // The run's server does not flush to disk; only a database that says so is served all the same.
            Self::Postgres(database) => format!("{}?application_name=bellwire-throwaway", database.url()),
        }
    }

    /// Runs statements from outside, as time or an operator would; waits while another process writes.
    pub fn execute(&self, sql: &str) {
        let url = self.url();
        let done = if let Some(path) = url.strip_prefix("sqlite://") {
            let mut connection = SqliteConnection::establish(path).expect("the file opens");
            connection.batch_execute("PRAGMA busy_timeout = 5000").expect("a busy timeout");
            connection.batch_execute(sql)
        } else {
            PgConnection::establish(&url).expect("the database opens").batch_execute(sql)
        };
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The first column of a query, as text.
    pub fn lines(&self, sql: &str) -> Vec<String> {
        let url = self.url();
        let query = diesel::sql_query(format!("SELECT q.line AS line FROM ({sql}) AS q"));
        let lines: Result<Vec<Line>, _> = if let Some(path) = url.strip_prefix("sqlite://") {
            let mut connection = SqliteConnection::establish(path).expect("the file opens");
            connection.batch_execute("PRAGMA busy_timeout = 5000").expect("a busy timeout");
            query.load(&mut connection)
        } else {
            query.load(&mut PgConnection::establish(&url).expect("the database opens"))
        };
        let lines = lines.unwrap_or_else(|error| panic!("{sql}: {error}"));
        lines.into_iter().map(|line| line.line).collect()
    }

    /// Everything that is stored, table by table, apart from when things were last used, and of who was denied
    /// something.
    pub fn digest(&self) -> BTreeMap<String, Vec<String>> {
        let is_sqlite = matches!(self, Self::Sqlite(_));
        let tables = self.lines(if is_sqlite {
            "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
             AND name <> 'audit_heads'"
        } else {
            "SELECT table_name::text AS line FROM information_schema.tables WHERE table_schema = 'public' \
             AND table_name <> 'audit_heads'"
        });
        let rows = |table: &str| {
            let columns = self.lines(&if is_sqlite {
                format!("SELECT name AS line FROM pragma_table_info('{table}') WHERE name NOT IN {TOUCHED}")
            } else {
                format!(
                    "SELECT column_name::text AS line FROM information_schema.columns \
                     WHERE table_schema = 'public' AND table_name = '{table}' AND column_name NOT IN {TOUCHED}"
                )
            });
            let shown = |column: String| {
                if is_sqlite {
                    format!("quote(\"{column}\")")
                } else {
                    format!("quote_nullable(\"{column}\")")
                }
            };
            let columns: Vec<String> = columns.into_iter().map(shown).collect();
            let which =
                if table == "audit" { format!("WHERE action NOT IN {DENIALS}") } else { String::new() };
            let columns = columns.join(" || ',' || ");
            let mut rows = self.lines(&format!("SELECT {columns} AS line FROM {table} {which}"));
            rows.sort();
            rows
        };
        let kept = tables.into_iter().filter(|table| table != USES);
        kept.map(|table| (table.clone(), rows(&table))).collect()
    }

    /// Fails the test when anything is stored that was not at the digest, or the other way round.
    pub fn assert_unchanged(&self, before: &BTreeMap<String, Vec<String>>, what: &str) {
        for (table, now) in self.digest() {
            let then = &before[&table];
            let new: Vec<&String> = now.iter().filter(|row| !then.contains(row)).collect();
            let gone: Vec<&String> = then.iter().filter(|row| !now.contains(row)).collect();
            assert!(new.is_empty() && gone.is_empty(), "{what}: {table}: gone: {gone:#?}, new: {new:#?}");
        }
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Runs each named function, which takes a `&TestDatabase`, as the two tests `name::sqlite` and `name::postgres`.
macro_rules! both_databases {
    ($($claim:ident),+ $(,)?) => {$(
        mod $claim {
            use $crate::support::databases::TestDatabase;

            #[test]
            fn sqlite() {
                super::$claim(&TestDatabase::sqlite());
            }

            #[test]
            fn postgres() {
                super::$claim(&TestDatabase::postgres());
            }
        }
    )+};
}
pub(crate) use both_databases;

#[cfg(test)]
mod tests {
    use super::*;

    super::both_databases!(a_test_database_is_empty_and_can_be_written);

    fn a_test_database_is_empty_and_can_be_written(database: &TestDatabase) {
        let sql = "CREATE TABLE things (id BIGINT, name TEXT); INSERT INTO things VALUES (1, NULL)";
        database.execute(sql);
        let before = database.digest();
        assert_eq!(before["things"].len(), 1);
        database.execute("UPDATE things SET name = 'x'");
        assert_ne!(database.digest(), before);
    }
}
