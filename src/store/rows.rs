//! One prepared statement over many rows: they travel as one JSON array, so that the statement's text, and
//! with it the plan, stays the same for every number of them.

use diesel::backend::Backend;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Text};
use diesel::{QueryResult, RunQueryDsl};
use serde::Serialize;

use crate::store::dialect::{each, rows_source};
use crate::store::pool::Conn;

/// What stands in a statement where its rows come in, as `v` with one column `value`: `v.value->>0` is the
/// first field of a row, as text; `CAST(v.value->>1 AS BIGINT)` the second, as a number.
const ROWS: &str = "{rows}";

/// A statement whose rows come in at `{rows}`.
struct OverRows<'a> {
    sql: &'static str,
    source: (&'static str, &'static str),
    json: &'a str,
}

/// Runs `sql` over `rows`; gives how many rows of its table it changed. Both databases read the same text.
pub fn run(conn: &mut Conn, sql: &'static str, rows: &impl Serialize) -> QueryResult<usize> {
    // Numbers, words and ids cannot fail to be written as JSON.
    let json =
        serde_json::to_string(rows).map_err(|e| diesel::result::Error::SerializationError(Box::new(e)))?;
    let statement = OverRows { sql, source: rows_source(conn), json: &json };
    each!(conn, c => statement.execute(c))
}

impl<DB> QueryFragment<DB> for OverRows<'_>
where
    DB: Backend + HasSqlType<Text>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let (before, after) = self.sql.split_once(ROWS).unwrap_or((self.sql, ""));
        let (opens, closes) = self.source;
        out.push_sql(before);
        out.push_sql(opens);
        out.push_bind_param::<Text, _>(self.json)?;
        out.push_sql(closes);
        out.push_sql(after);
        Ok(())
    }
}

/// Not known by its type: the cache of prepared statements goes by the text.
impl QueryId for OverRows<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C> RunQueryDsl<C> for OverRows<'_> {}
