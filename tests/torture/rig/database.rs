//! The database as seen from outside: where it is, and what stands in it.

use super::patience::within;
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Which database, and where.
#[derive(Debug, Clone)]
pub enum Database {
    Sqlite(PathBuf),
    Postgres(String),
}

/// Up to four columns of a row, as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
pub struct Row {
    #[diesel(sql_type = Nullable<Text>)]
    a: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    b: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    c: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    d: Option<String>,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

enum Conn {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Database {
    pub fn sqlite(path: &Path) -> Self {
        Self::Sqlite(path.to_owned())
    }

    /// What the program is told.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite://{}", path.display()),
            Self::Postgres(url) => url.clone(),
        }
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Runs statements; tries again for a while when the database is busy or just starting.
    pub fn execute(&self, sql: &str) {
        let done = within(Duration::from_secs(10), || match self.open()? {
            Conn::Sqlite(mut conn) => conn.batch_execute(sql).map_err(|e| e.to_string()),
            Conn::Postgres(mut conn) => conn.batch_execute(sql).map_err(|e| e.to_string()),
        });
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Rows of text; the query names its columns in their order, at most four.
    pub fn rows(&self, columns: [&str; 4], from: &str) -> Vec<[String; 4]> {
        let [a, b, c, d] = columns.map(|column| if column.is_empty() { "NULL" } else { column });
        let cast = |column: &str| format!("CAST({column} AS TEXT)");
        let sql =
            format!("SELECT {} AS a, {} AS b, {} AS c, {} AS d {from}", cast(a), cast(b), cast(c), cast(d));
        let rows: Vec<Row> = within(Duration::from_secs(10), || match self.open()? {
            Conn::Sqlite(mut conn) => diesel::sql_query(&sql).load(&mut conn).map_err(|e| e.to_string()),
            Conn::Postgres(mut conn) => diesel::sql_query(&sql).load(&mut conn).map_err(|e| e.to_string()),
        })
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.into_iter().map(|row| [row.a, row.b, row.c, row.d].map(Option::unwrap_or_default)).collect()
    }

    /// One whole number.
    pub fn number(&self, sql: &str) -> i64 {
        self.try_number(sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub fn try_number(&self, sql: &str) -> Result<i64, String> {
        let sql = format!("SELECT CAST(({sql}) AS BIGINT) AS number");
        let counted = match self.open()? {
            Conn::Sqlite(mut conn) => diesel::sql_query(sql).get_result::<Count>(&mut conn),
            Conn::Postgres(mut conn) => diesel::sql_query(sql).get_result::<Count>(&mut conn),
        };
        counted.map(|count| count.number).map_err(|error| error.to_string())
    }

    fn open(&self) -> Result<Conn, String> {
        match self {
            Self::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.display().to_string());
                if let Ok(conn) = &mut conn {
                    conn.batch_execute("PRAGMA busy_timeout = 5000").map_err(|e| e.to_string())?;
                }
                conn.map(Conn::Sqlite).map_err(|e| e.to_string())
            }
            Self::Postgres(url) => {
                PgConnection::establish(url).map(Conn::Postgres).map_err(|e| e.to_string())
            }
        }
    }
}
