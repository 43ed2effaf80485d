//! Table `unit_hours`: what the overview of a business unit reads, over all its endpoints, kept up as deliveries
//! settle.

use std::collections::BTreeMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::id::{BuId, NodeId};
use crate::domain::time::Ts;
use crate::store::events::rollups::HourRow;
use crate::store::pool::Conn;
use crate::store::rows::{self, Cell, Statement};
use crate::store::schema::unit_hours;

/// How many rows an hour of a unit may have, so that nodes that settle at once seldom wait for each other.
const SHARDS: u8 = 8;

/// An hour of a business unit, over all its endpoints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Queryable)]
pub struct UnitHour {
    /// The start of the hour.
    pub hour: Ts,
    /// Deliveries that arrived.
    pub delivered: i64,
    /// Deliveries whose every attempt failed.
    pub exhausted: i64,
    /// Attempts that failed.
    pub failed_attempts: i64,
}

struct Add;

impl Statement for Add {
    const SQL: &'static str = "\
        INSERT INTO unit_hours (bu_id, hour, shard, delivered, exhausted, failed_attempts) {values} \
        ON CONFLICT (bu_id, hour, shard) DO UPDATE SET \
        delivered = unit_hours.delivered + excluded.delivered, \
        exhausted = unit_hours.exhausted + excluded.exhausted, \
        failed_attempts = unit_hours.failed_attempts + excluded.failed_attempts";
}

/// Adds what `node` counted at endpoints, units and hours in the same order on every node.
pub fn add(conn: &mut Conn, node: NodeId, counted: &[HourRow]) -> QueryResult<()> {
    let mut units: BTreeMap<(BuId, Ts), [i64; 3]> = BTreeMap::new();
    for row in counted {
        let [delivered, exhausted, failed] = units.entry((row.bu_id, row.hour.hour())).or_default();
        *delivered += row.delivered;
        *exhausted += row.exhausted;
        *failed += row.failed_attempts;
    }
    let shard = node.as_str().bytes().last().map_or(0, |byte| byte % SHARDS);
    let cells = units.iter().map(|((bu, hour), [delivered, exhausted, failed])| {
        [
            Cell::text(bu.as_str()),
            Cell::BigInt(Some(hour.0)),
            Cell::Int(Some(i32::from(shard))),
            Cell::BigInt(Some(*delivered)),
            Cell::BigInt(Some(*exhausted)),
            Cell::BigInt(Some(*failed)),
        ]
    });
    rows::run::<Add, 6>(conn, cells).map(drop)
}

/// The hours of `bu` from `since` on in which something was delivered or failed, in order of time.
pub fn since(conn: &mut Conn, bu: BuId, since: Ts) -> QueryResult<Vec<UnitHour>> {
    unit_hours::table
        .filter(unit_hours::bu_id.eq(bu).and(unit_hours::hour.ge(since)))
        .group_by(unit_hours::hour)
        .select((
            unit_hours::hour,
            sql::<BigInt>("CAST(SUM(delivered) AS BIGINT)"),
            sql::<BigInt>("CAST(SUM(exhausted) AS BIGINT)"),
            sql::<BigInt>("CAST(SUM(failed_attempts) AS BIGINT)"),
        ))
        .order(unit_hours::hour)
        .load(conn)
}
