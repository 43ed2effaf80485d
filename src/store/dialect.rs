//! The only file that asks which database this is: what Diesel's shared connection cannot express.

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::dsl::AsExprOf;
use diesel::expression::{SqlLiteral, UncheckedBind};
use diesel::result::Error;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::{Connection, PgConnection, QueryResult, RunQueryDsl};

use crate::domain::time::Ts;
use crate::store::pool::{Address, Conn, OpenError};

/// Expands the same expression for each concrete connection:
/// `each!(conn, c => diesel::insert_into(t).values(rows).execute(c))`.
macro_rules! each {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::store::pool::Conn::Sqlite($c) => $body,
            $crate::store::pool::Conn::Pg($c) => $body,
        }
    };
}
pub(crate) use each;

/// Runs `work` in a transaction that may write. On SQLite it takes the write lock at once, because a
/// transaction that reads first and writes later is refused when another wrote in between.
pub fn write_transaction<T, E: From<Error>>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE")?,
        Conn::Pg(_) => return conn.transaction(work),
    }
    finished(conn, work)
}

/// Runs `work`, which only reads, in a transaction whose queries all see the database as it was at the first.
pub fn read_transaction<T, E: From<Error>>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN DEFERRED")?,
        Conn::Pg(c) => {
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
            AnsiTransactionManager::begin_transaction_sql(c, begin)?;
        }
    }
    finished(conn, work)
}

/// Ends the transaction that is open on `conn` as `work` ends.
fn finished<T, E: From<Error>>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    match work(conn) {
        Ok(value) => {
            each!(conn, c => AnsiTransactionManager::commit_transaction(c))?;
            Ok(value)
        }
        Err(error) => {
            // A rollback that fails too leaves the first error the more telling one.
            let _ = each!(conn, c => AnsiTransactionManager::rollback_transaction(c));
            Err(error)
        }
    }
}

/// Whether a transaction is open on this connection that nobody will end, or it is not known.
pub fn is_in_transaction(conn: &mut Conn) -> bool {
    each!(conn, c => AnsiTransactionManager::is_broken_transaction_manager(c))
}

/// Whether a connection is of no use any more.
pub fn is_broken(conn: &mut Conn) -> bool {
    match conn {
        Conn::Sqlite(_) => is_in_transaction(conn),
        Conn::Pg(c) => diesel::r2d2::R2D2Connection::is_broken(c),
    }
}

/// Has each statement of this connection planned once, for whatever it is asked later. SQLite does so anyway.
pub fn plan_once(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(_) => Ok(()),
        Conn::Pg(c) => diesel::sql_query("SET plan_cache_mode = force_generic_plan").execute(c).map(drop),
    }
}

/// Holds a lock that other processes on the same database wait for, until the transaction ends.
/// On SQLite a write transaction is that lock already.
pub fn lock(conn: &mut Conn, number: i64) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(_) => Ok(()),
        Conn::Pg(c) => {
            diesel::sql_query(format!("SELECT pg_advisory_xact_lock({number})")).execute(c).map(drop)
        }
    }
}

/// Takes the same lock if nobody else holds it; whether it was free.
pub fn try_lock(conn: &mut Conn, number: i64) -> QueryResult<bool> {
    match conn {
        Conn::Sqlite(_) => Ok(true),
        Conn::Pg(c) => {
            let taken = diesel::dsl::sql::<Bool>(&format!("pg_try_advisory_xact_lock({number})"));
            diesel::select(taken).get_result(c)
        }
    }
}

/// Loads rows of a query, locking them and passing over those that another transaction holds. SQLite
/// has one writer, so nothing is ever held there.
macro_rules! skip_locked {
    ($conn:expr, $query:expr) => {
        match $conn {
            $crate::store::pool::Conn::Sqlite(c) => $query.load(c)?,
            $crate::store::pool::Conn::Pg(c) => $query.for_update().skip_locked().load(c)?,
        }
    };
}
pub(crate) use skip_locked;

/// Loads rows of a query and holds them until the transaction ends; waits for whoever holds them now.
macro_rules! held {
    ($conn:expr, $query:expr) => {
        match $conn {
            $crate::store::pool::Conn::Sqlite(c) => $query.load(c)?,
            $crate::store::pool::Conn::Pg(c) => $query.for_update().load(c)?,
        }
    };
}
pub(crate) use held;

/// Expands one expression for SQLite, where a statement costs little and runs once for each row, and another
/// for PostgreSQL, where each is a round trip and one carries all rows.
macro_rules! one_by_one {
    ($conn:expr, $one:ident => $by_one:expr, $all:ident => $at_once:expr) => {
        match $conn {
            $crate::store::pool::Conn::Sqlite($one) => $by_one,
            $crate::store::pool::Conn::Pg($all) => $at_once,
        }
    };
}
pub(crate) use one_by_one;

/// A condition that asks whether a text stands in a column.
pub type Holds = SqlLiteral<Bool, UncheckedBind<SqlLiteral<Bool>, AsExprOf<String, Text>>>;

/// Whether `text` stands in `column`, letter for letter. The column's name is ours, and no text from outside.
pub fn holds(conn: &Conn, column: &'static str, text: &str) -> Holds {
    let place = match conn {
        Conn::Sqlite(_) => "instr",
        Conn::Pg(_) => "strpos",
    };
    let call = format!("{place}({column}, ");
    diesel::dsl::sql::<Bool>(&call).bind::<Text, _>(text.to_owned()).sql(") > 0")
}

/// What the server's clock shows, where there is a server.
pub fn server_now(conn: &mut Conn) -> QueryResult<Option<Ts>> {
    let Conn::Pg(c) = conn else { return Ok(None) };
    let now = diesel::dsl::sql::<BigInt>("CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)");
    diesel::select(now).get_result(c).map(|now| Some(Ts(now)))
}

/// Rings for every [`Ear`] on this database once the transaction is committed, however often it was rung in it.
/// On SQLite nobody else listens.
pub fn ring(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(_) => Ok(()),
        Conn::Pg(c) => diesel::sql_query("SELECT pg_notify('bellwire', '')").execute(c).map(drop),
    }
}

/// Hears other processes on the same PostgreSQL database ring. It may miss them: who listens looks now and then
/// all the same.
pub struct Ear {
    conn: PgConnection,
}

impl Ear {
    /// Listens on a connection of its own; `None` on SQLite, where nobody else rings.
    pub fn open(address: &Address) -> Result<Option<Self>, OpenError> {
        if address.is_sqlite() {
            return Ok(None);
        }
        let Conn::Pg(mut conn) = address.open()? else { return Ok(None) };
        conn.batch_execute("LISTEN bellwire")?;
        Ok(Some(Self { conn }))
    }

    /// Whether somebody rang since the last time. Does not wait. After an error, open another.
    pub fn has_heard(&mut self) -> Result<bool, OpenError> {
        let mut heard = false;
        for rung in self.conn.notifications_iter() {
            rung?;
            heard = true;
        }
        Ok(heard)
    }
}
