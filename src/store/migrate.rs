//! Migrations: embedded, run at start, one process at a time.

use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::store::dialect::{each, write_transaction};
use crate::store::pool::{Conn, OpenError};
use crate::store::webhooks::texts;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
/// The advisory lock that migrating processes share on PostgreSQL.
const LOCK: i64 = 0x6265_6c6c;

/// Brings the database to this program's schema; gives how many steps were run. Refuses a database
/// that a newer program has changed.
pub fn run(conn: &mut Conn) -> Result<usize, OpenError> {
    match conn {
        Conn::Sqlite(c) => {
            // Looked at once more under the write lock: another process may have been faster. The
            // transactions of the steps nest in this one.
            let is_behind = is_behind(c, &SQLITE)?;
            let run_all = |conn: &mut Conn| each!(conn, c => run_pending(c, SQLITE));
            let done = if is_behind { write_transaction(conn, run_all)? } else { 0 };
            texts::fill(conn)?;
            Ok(done)
        }
        Conn::Pg(c) => {
            // A step over a long history takes its time, and others wait for whoever takes it.
            c.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0")?;
            c.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})"))?;
            let done = run_pending(c, POSTGRES);
            let filled = done.and_then(|done| Ok(texts::fill(conn).map(|()| done)?));
            each!(conn, c => c.batch_execute(&format!("SELECT pg_advisory_unlock({LOCK})")))?;
            filled
        }
    }
}

fn run_pending<DB, C>(conn: &mut C, steps: EmbeddedMigrations) -> Result<usize, OpenError>
where
    DB: Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    if !is_behind(conn, &steps)? {
        return Ok(0);
    }
    conn.run_pending_migrations(steps).map(|done| done.len()).map_err(|e| OpenError::Migration(e.to_string()))
}

/// Whether steps are missing. Refuses a database with a step that is not known here.
fn is_behind<DB, C>(conn: &mut C, steps: &EmbeddedMigrations) -> Result<bool, OpenError>
where
    DB: Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let known: Vec<String> = steps
        .migrations()
        .map_err(|e| OpenError::Migration(e.to_string()))?
        .iter()
        .map(|m| m.name().version().as_owned().to_string())
        .collect();
    let applied = conn.applied_migrations().map_err(|e| OpenError::Migration(e.to_string()))?;
    if let Some(newer) = applied.iter().find(|v| !known.contains(&v.to_string())) {
        return Err(OpenError::Migration(format!(
            "it was changed by a newer Bellwire (step {newer}); run that version or restore a backup"
        )));
    }
    Ok(applied.len() < known.len())
}
