//! Table `idempotency_keys`: what a repeated request is answered with.

use diesel::prelude::*;

use crate::domain::id::{BuId, EventId};
use crate::domain::time::Ts;
use crate::store::pool::Conn;
use crate::store::rows::{self, Cell, Statement};
use crate::store::schema::idempotency_keys;

/// A key that was used, and what it made.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
pub struct KeyRow {
    /// The tenant: keys of two tenants never meet.
    pub bu_id: BuId,
    /// The key as the client gave it.
    pub key: String,
    /// The digest of the request's body.
    pub digest: Vec<u8>,
    /// The event the first request made.
    pub event_id: EventId,
    /// When.
    pub created_at: Ts,
}

/// The keys among `keys` that `bu` used since `since`. Older ones are forgotten here and now.
pub fn used(conn: &mut Conn, bu: BuId, keys: &[&str], since: Ts) -> QueryResult<Vec<KeyRow>> {
    let rows: Vec<KeyRow> = idempotency_keys::table
        .filter(idempotency_keys::bu_id.eq(bu).and(idempotency_keys::key.eq_any(keys.iter().copied())))
        .select(KeyRow::as_select())
        .load(conn)?;
    let (fresh, old): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.created_at >= since);
    for row in old {
        diesel::delete(idempotency_keys::table.find((row.bu_id, row.key))).execute(conn)?;
    }
    Ok(fresh)
}

struct Insert;

impl Statement for Insert {
    const SQL: &'static str =
        "INSERT INTO idempotency_keys (bu_id, key, digest, event_id, created_at) {values}";
}

/// Remembers keys.
pub fn insert(conn: &mut Conn, rows: &[KeyRow]) -> QueryResult<usize> {
    let cells = rows.iter().map(|row| {
        [
            Cell::text(row.bu_id.as_str()),
            Cell::text(&row.key),
            Cell::Bytes(&row.digest),
            Cell::text(row.event_id.as_str()),
            Cell::BigInt(Some(row.created_at.0)),
        ]
    });
    rows::run::<Insert, 5>(conn, cells)
}

/// Forgets at most `limit` keys from before `before`.
pub fn forget(conn: &mut Conn, before: Ts, limit: i64) -> QueryResult<usize> {
    let old: Vec<(BuId, String)> = idempotency_keys::table
        .filter(idempotency_keys::created_at.lt(before))
        .select((idempotency_keys::bu_id, idempotency_keys::key))
        .limit(limit)
        .load(conn)?;
    for key in &old {
        diesel::delete(idempotency_keys::table.find((key.0, key.1.clone()))).execute(conn)?;
    }
    Ok(old.len())
}
