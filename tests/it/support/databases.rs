//! The two databases a test can stand on, and the way to say that a test stands on both.

use super::postgres::PostgresDatabase;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;

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
        let sql = "CREATE TABLE things (id BIGINT); INSERT INTO things VALUES (1)";
        database.execute(sql);
    }
}
