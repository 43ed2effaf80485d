//! One prepared statement for any number of rows: Diesel keeps no prepared `UPDATE` or upsert, and prepares an
//! insert of many rows anew for every number of them.

use std::borrow::Cow;
use std::marker::PhantomData;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl};

use crate::store::dialect::one_by_one;
use crate::store::pool::Conn;

/// A statement, known by its type so that its plan is found again without a look at its text.
///
/// In the text `{0}` is the first field of a row, `{values}` stands where an `INSERT` has its rows, and
/// `{from}` where an `UPDATE` has its `FROM`. SQLite runs it once for each row; PostgreSQL, where each run
/// costs a round trip, once for all, over arrays.
pub trait Statement: 'static {
    /// The text, the same for both databases.
    const SQL: &'static str;
}

/// A field of a row. Each field has the same kind in every row of a statement.
#[derive(Debug, Clone)]
pub enum Cell<'a> {
    /// Words, ids.
    Text(Option<Cow<'a, str>>),
    /// A number of 32 bits.
    Int(Option<i32>),
    /// A number of 64 bits, a moment.
    BigInt(Option<i64>),
    /// Yes or no.
    Bool(bool),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// Runs `S` over `rows`; gives how many rows of its table it changed.
pub fn run<'a, S: Statement, const N: usize>(
    conn: &mut Conn,
    rows: impl IntoIterator<Item = [Cell<'a>; N]>,
) -> QueryResult<usize> {
    let mut rows = rows.into_iter();
    one_by_one!(conn,
        c => rows.try_fold(0, |done, row| Row::<S, N>::new(row).execute(c).map(|now| done + now)),
        c => {
            let rows: Vec<[Cell<'a>; N]> = rows.collect();
            if rows.is_empty() { Ok(0) } else { Columns::<S, N>::new(&rows)?.execute(c) }
        }
    )
}

/// Runs `S`, which returns one number, over one row.
pub fn number<S: Statement, const N: usize>(conn: &mut Conn, row: [Cell<'_>; N]) -> QueryResult<i64> {
    one_by_one!(conn,
        c => Row::<S, N>::new(row).get_result(c),
        c => Columns::<S, N>::new(&[row])?.get_result(c)
    )
}

impl<'a> Cell<'a> {
    /// A word or an id.
    pub const fn text(text: &'a str) -> Self {
        Self::Text(Some(Cow::Borrowed(text)))
    }

    /// A word or an id that may be missing.
    pub fn maybe(text: Option<&'a str>) -> Self {
        Self::Text(text.map(Cow::Borrowed))
    }

    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        match self {
            Self::Text(text) => out.push_bind_param::<Nullable<Text>, _>(text),
            Self::Int(number) => out.push_bind_param::<Nullable<Integer>, _>(number),
            Self::BigInt(number) => out.push_bind_param::<Nullable<BigInt>, _>(number),
            Self::Bool(yes) => out.push_bind_param::<Bool, _>(yes),
            Self::Bytes(bytes) => out.push_bind_param::<Binary, _>(*bytes),
        }
    }
}

/// A statement over one row.
struct Row<'a, S, const N: usize> {
    cells: [Cell<'a>; N],
    statement: PhantomData<S>,
}

/// A statement over the rows that these columns make.
struct Columns<'a, S, const N: usize> {
    columns: Vec<Column<'a>>,
    statement: PhantomData<S>,
}

/// One field of every row.
enum Column<'a> {
    Text(Vec<Option<&'a str>>),
    Int(Vec<Option<i32>>),
    BigInt(Vec<Option<i64>>),
    Bool(Vec<bool>),
    Bytes(Vec<&'a [u8]>),
}

impl<'a, S, const N: usize> Row<'a, S, N> {
    const fn new(cells: [Cell<'a>; N]) -> Self {
        Self { cells, statement: PhantomData }
    }
}

impl<'a, S, const N: usize> Columns<'a, S, N> {
    /// Refuses rows whose fields are not of one kind: the database would fill the gap and shift what follows.
    fn new(rows: &'a [[Cell<'_>; N]]) -> QueryResult<Self> {
        let columns: Vec<Column<'a>> =
            (0..N).filter_map(|at| Column::of(rows.iter().filter_map(|row| row.get(at)))).collect();
        if columns.iter().any(|column| column.len() != rows.len()) {
            return Err(diesel::result::Error::SerializationError("a column of several kinds".into()));
        }
        Ok(Self { columns, statement: PhantomData })
    }
}

impl<'a> Column<'a> {
    /// `None` without rows. A cell of another kind than the first has no place and is left out.
    fn of(mut cells: impl Iterator<Item = &'a Cell<'a>>) -> Option<Self> {
        macro_rules! gather {
            ($kind:ident, $first:expr, $cell:pat => $value:expr) => {{
                let rest = cells.filter_map(|cell| if let $cell = cell { Some($value) } else { None });
                Self::$kind(std::iter::once($first).chain(rest).collect())
            }};
        }
        Some(match cells.next()? {
            Cell::Text(first) => gather!(Text, first.as_deref(), Cell::Text(text) => text.as_deref()),
            Cell::Int(first) => gather!(Int, *first, Cell::Int(number) => *number),
            Cell::BigInt(first) => gather!(BigInt, *first, Cell::BigInt(number) => *number),
            Cell::Bool(first) => gather!(Bool, *first, Cell::Bool(yes) => *yes),
            Cell::Bytes(first) => gather!(Bytes, *first, Cell::Bytes(bytes) => *bytes),
        })
    }

    const fn len(&self) -> usize {
        match self {
            Self::Text(all) => all.len(),
            Self::Int(all) => all.len(),
            Self::BigInt(all) => all.len(),
            Self::Bool(all) => all.len(),
            Self::Bytes(all) => all.len(),
        }
    }

    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Text(texts) => out.push_bind_param::<Array<Nullable<Text>>, _>(texts),
            Self::Int(numbers) => out.push_bind_param::<Array<Nullable<Integer>>, _>(numbers),
            Self::BigInt(numbers) => out.push_bind_param::<Array<Nullable<BigInt>>, _>(numbers),
            Self::Bool(answers) => out.push_bind_param::<Array<Bool>, _>(answers),
            Self::Bytes(all) => out.push_bind_param::<Array<Binary>, _>(all),
        }
    }
}

/// The text before the first `{name}` of a statement, then each name with the text behind it.
fn pieces(sql: &'static str) -> (&'static str, impl Iterator<Item = (&'static str, &'static str)>) {
    let mut parts = sql.split('{');
    let first = parts.next().unwrap_or_default();
    (first, parts.map(|part| part.split_once('}').unwrap_or((part, ""))))
}

impl<S: Statement, const N: usize> QueryFragment<Sqlite> for Row<'_, S, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let (first, rest) = pieces(S::SQL);
        out.push_sql(first);
        for (name, text) in rest {
            match name {
                "values" => {
                    out.push_sql("VALUES ");
                    for (at, cell) in self.cells.iter().enumerate() {
                        out.push_sql(if at == 0 { "(" } else { ", " });
                        cell.bind(&mut out)?;
                    }
                    out.push_sql(")");
                }
                "from" => {}
                number => {
                    if let Some(cell) = number.parse().ok().and_then(|at: usize| self.cells.get(at)) {
                        cell.bind(&mut out)?;
                    }
                }
            }
            out.push_sql(text);
        }
        Ok(())
    }
}

impl<S: Statement, const N: usize> QueryFragment<Pg> for Columns<'_, S, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (first, rest) = pieces(S::SQL);
        out.push_sql(first);
        for (name, text) in rest {
            match name {
                "values" => {
                    out.push_sql("SELECT * ");
                    self.source(&mut out)?;
                }
                "from" => self.source(&mut out)?,
                number => {
                    out.push_sql("v.c");
                    out.push_sql(number);
                }
            }
            out.push_sql(text);
        }
        Ok(())
    }
}

impl<S, const N: usize> Columns<'_, S, N> {
    /// `FROM unnest($1, $2) AS v (c0, c1)`
    fn source<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (at, column) in self.columns.iter().enumerate() {
            out.push_sql(if at == 0 { "FROM unnest(" } else { ", " });
            column.bind(out)?;
        }
        for at in 0..self.columns.len() {
            out.push_sql(if at == 0 { ") AS v (c0" } else { ", c" });
            if at > 0 {
                out.push_sql(&at.to_string());
            }
        }
        out.push_sql(")");
        Ok(())
    }
}

macro_rules! known_by_type {
    ($name:ident) => {
        impl<S: Statement, const N: usize> QueryId for $name<'_, S, N> {
            type QueryId = $name<'static, S, N>;
            const HAS_STATIC_QUERY_ID: bool = true;
        }
        impl<S: Statement, const N: usize> Query for $name<'_, S, N> {
            type SqlType = BigInt;
        }
        impl<S: Statement, const N: usize, C> RunQueryDsl<C> for $name<'_, S, N> {}
    };
}
known_by_type!(Row);
known_by_type!(Columns);
