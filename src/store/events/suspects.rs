//! Table `suspects`: deliveries whose leases were lost, because one of them may be what ends its worker.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;

use crate::domain::events::delivery::DeliveryState::{Leased, Ready};
use crate::domain::id::{DeliveryId, NodeId};
use crate::store::dialect::held;
use crate::store::pool::Conn;
use crate::store::rows::{self, Cell, Statement};
use crate::store::schema::{deliveries, suspects};

/// What is known against a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = suspects)]
pub struct SuspectRow {
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// How many leases on it were lost since an attempt of it came to an end.
    pub crashes: i32,
    /// The fencing number of the lease under which an attempt was last begun.
    pub started_lease: Option<i64>,
}

/// What is known against these deliveries; those of which nothing is known are absent.
pub fn of(conn: &mut Conn, ids: &[DeliveryId]) -> QueryResult<HashMap<DeliveryId, SuspectRow>> {
    let mut found = HashMap::new();
    for ids in ids.chunks(1_000) {
        let these = suspects::table.filter(suspects::delivery_id.eq_any(ids));
        let rows: Vec<SuspectRow> = these.select(SuspectRow::as_select()).load(conn)?;
        found.extend(rows.into_iter().map(|row| (row.delivery_id, row)));
    }
    Ok(found)
}

struct Count;

impl Statement for Count {
    const SQL: &'static str = "INSERT INTO suspects (delivery_id, crashes) {values} \
        ON CONFLICT (delivery_id) DO UPDATE SET crashes = suspects.crashes + 1";
}

/// Counts one more lost lease against each of these.
pub fn count(conn: &mut Conn, ids: &BTreeSet<DeliveryId>) -> QueryResult<()> {
    let cells = ids.iter().map(|id| [Cell::text(id.as_str()), Cell::Int(Some(1))]);
    rows::run::<Count, 2>(conn, cells).map(drop)
}

/// Notes that an attempt begins under this lease; false when `node` does not hold it any more.
pub fn start(conn: &mut Conn, node: NodeId, id: DeliveryId, lease_no: i64) -> QueryResult<bool> {
    let held: Vec<DeliveryId> = held!(
        conn,
        deliveries::table.find(id).select(deliveries::id).filter(
            deliveries::lease_no
                .eq(lease_no)
                .and(deliveries::lease_owner.eq(node))
                .and(deliveries::state.eq(Leased))
        )
    );
    if held.is_empty() {
        return Ok(false);
    }
    let started = suspects::started_lease.eq(Some(lease_no));
    diesel::update(suspects::table.find(id)).set(started).execute(conn).map(|rows| rows == 1)
}

/// Nothing is held against these any more.
pub fn clear(conn: &mut Conn, ids: &[DeliveryId]) -> QueryResult<()> {
    for ids in ids.chunks(1_000) {
        diesel::delete(suspects::table.filter(suspects::delivery_id.eq_any(ids))).execute(conn)?;
    }
    Ok(())
}

/// Forgets at most `limit` whose delivery has come to its end some other way; how many. For upkeep.
pub fn forget(conn: &mut Conn, limit: i64) -> QueryResult<usize> {
    let under_way = deliveries::table
        .filter(deliveries::id.eq(suspects::delivery_id))
        .filter(deliveries::state.eq_any([Ready, Leased]));
    let over: Vec<DeliveryId> = suspects::table
        .filter(diesel::dsl::not(diesel::dsl::exists(under_way)))
        .select(suspects::delivery_id)
        .limit(limit)
        .load(conn)?;
    clear(conn, &over)?;
    Ok(over.len())
}
