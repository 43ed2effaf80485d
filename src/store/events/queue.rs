//! The queue in `deliveries`: who may send what, until when, under which fencing number.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::domain::events::delivery::DeliveryState::{Leased, Ready};
use crate::domain::id::{DeliveryId, EndpointId, EventId, NodeId};
use crate::domain::time::Ts;
use crate::store::dialect::skip_locked;
use crate::store::events::deliveries::DeliveryRow;
use crate::store::pool::Conn;
use crate::store::schema::{deliveries, events};

/// The lease a claim gives.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    /// Who gets it.
    pub node: NodeId,
    /// When it ends.
    pub until: Ts,
}

/// An endpoint with deliveries that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Waiting {
    /// The endpoint.
    #[diesel(sql_type = Text)]
    pub endpoint: EndpointId,
    /// When the first of them is due.
    #[diesel(sql_type = BigInt)]
    pub due: Ts,
}

// From one endpoint to the next through the partial index: two looks for each, however many deliveries wait.
const WAITING: &str = "WITH RECURSIVE lanes (endpoint) AS ( \
      SELECT (SELECT endpoint_id FROM deliveries WHERE state = 'ready' ORDER BY endpoint_id LIMIT 1) \
    UNION ALL \
      SELECT (SELECT endpoint_id FROM deliveries WHERE state = 'ready' AND endpoint_id > lanes.endpoint \
              ORDER BY endpoint_id LIMIT 1) \
      FROM lanes WHERE lanes.endpoint IS NOT NULL \
    ) SELECT endpoint, due FROM ( \
      SELECT endpoint, (SELECT next_at FROM deliveries WHERE state = 'ready' AND endpoint_id = lanes.endpoint \
                        ORDER BY next_at LIMIT 1) AS due \
      FROM lanes WHERE endpoint IS NOT NULL \
    ) found WHERE due IS NOT NULL";

/// Every endpoint that has deliveries waiting. For the engine, which serves every tenant.
pub fn waiting(conn: &mut Conn) -> QueryResult<Vec<Waiting>> {
    diesel::sql_query(WAITING).load(conn)
}

/// Leases deliveries that are due: of each endpoint at most so many, the longest due first; no other node
/// gets the same.
pub fn claim(
    conn: &mut Conn,
    lease: Lease,
    now: Ts,
    wanted: &[(EndpointId, i64)],
) -> QueryResult<Vec<DeliveryRow>> {
    let mut ids: Vec<DeliveryId> = Vec::new();
    for (endpoint, limit) in wanted {
        // The state is written out, so that both databases know that the partial index fits.
        let ready = diesel::dsl::sql::<diesel::sql_types::Bool>("state = 'ready'");
        let some: Vec<DeliveryId> = skip_locked!(
            conn,
            deliveries::table
                .select(deliveries::id)
                .filter(ready)
                .filter(deliveries::endpoint_id.eq(endpoint))
                .filter(deliveries::next_at.le(now))
                .order(deliveries::next_at)
                .limit(*limit)
        );
        ids.extend(some);
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    // The rows are held since they were chosen. Their state is not asked again, because a planner that
    // believes the queue to be short would walk all of it instead of looking up these.
    diesel::update(deliveries::table.filter(deliveries::id.eq_any(&ids)))
        .set((
            deliveries::state.eq(Leased),
            deliveries::lease_owner.eq(Some(lease.node)),
            deliveries::lease_until.eq(Some(lease.until)),
            deliveries::lease_no.eq(deliveries::lease_no + 1),
            deliveries::next_at.eq(None::<Ts>),
        ))
        .returning(deliveries::all_columns)
        .get_results(conn)
}

/// Makes due what was never tried and is not due before `now` is over: a clock that had gone ahead made it.
/// Gives how many.
pub fn hasten(conn: &mut Conn, now: Ts) -> QueryResult<usize> {
    let ready = diesel::dsl::sql::<diesel::sql_types::Bool>("state = 'ready'");
    let untried = deliveries::attempts.eq(0).and(deliveries::interruptions.eq(0));
    diesel::update(deliveries::table.filter(ready).filter(untried).filter(deliveries::next_at.gt(now)))
        .set(deliveries::next_at.eq(Some(now)))
        .execute(conn)
}

/// The bodies of events, by id.
pub fn bodies(conn: &mut Conn, ids: &[EventId]) -> QueryResult<Vec<(EventId, Vec<u8>)>> {
    events::table.filter(events::id.eq_any(ids)).select((events::id, events::body)).load(conn)
}

/// Gives back leases that were not used; they are due at once. One that another transaction holds at this
/// moment is left alone: it is being ended there.
pub fn release(conn: &mut Conn, node: NodeId, held: &[(DeliveryId, i64)], now: Ts) -> QueryResult<()> {
    let numbers: HashMap<DeliveryId, i64> = held.iter().copied().collect();
    for held in held.chunks(1_000) {
        let ids: Vec<DeliveryId> = held.iter().map(|(id, _)| *id).collect();
        let found: Vec<(DeliveryId, i64)> = skip_locked!(
            conn,
            deliveries::table
                .select((deliveries::id, deliveries::lease_no))
                .filter(deliveries::id.eq_any(&ids).and(deliveries::lease_owner.eq(node)),)
        );
        let ours: Vec<DeliveryId> =
            found.into_iter().filter(|(id, no)| numbers.get(id) == Some(no)).map(|(id, _)| id).collect();
        diesel::update(deliveries::table.filter(deliveries::id.eq_any(&ours)))
            .set((
                deliveries::state.eq(Ready),
                deliveries::next_at.eq(Some(now)),
                deliveries::lease_owner.eq(None::<NodeId>),
                deliveries::lease_until.eq(None::<Ts>),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// At most `limit` deliveries whose lease ended before `before`, without those that `but` holds.
pub fn orphans(
    conn: &mut Conn,
    before: Ts,
    but: Option<NodeId>,
    limit: i64,
) -> QueryResult<Vec<DeliveryRow>> {
    let leased = diesel::dsl::sql::<diesel::sql_types::Bool>("state = 'leased'");
    // No node has this name.
    let but = but.map_or_else(String::new, |node| node.to_string());
    let ids: Vec<DeliveryId> = skip_locked!(
        conn,
        deliveries::table
            .select(deliveries::id)
            .filter(leased)
            .filter(deliveries::lease_until.lt(before))
            .filter(
                diesel::dsl::sql::<diesel::sql_types::Bool>("lease_owner <> ")
                    .bind::<diesel::sql_types::Text, _>(but.as_str())
            )
            .order(deliveries::lease_until)
            .limit(limit)
    );
    deliveries::table.filter(deliveries::id.eq_any(&ids)).select(DeliveryRow::as_select()).load(conn)
}

/// Frees deliveries that [`orphans`] gave in the same transaction: due at once, with so many interruptions
/// more.
pub fn free(conn: &mut Conn, ids: &[DeliveryId], interruptions: i32, now: Ts) -> QueryResult<usize> {
    diesel::update(deliveries::table.filter(deliveries::id.eq_any(ids)))
        .set((
            deliveries::state.eq(Ready),
            deliveries::next_at.eq(Some(now)),
            deliveries::lease_owner.eq(None::<NodeId>),
            deliveries::lease_until.eq(None::<Ts>),
            deliveries::interruptions.eq(deliveries::interruptions + interruptions),
        ))
        .execute(conn)
}

/// Takes deliveries that [`orphans`] gave in the same transaction over, under a new fencing number.
pub fn seize(conn: &mut Conn, ids: &[DeliveryId], lease: Lease) -> QueryResult<usize> {
    diesel::update(deliveries::table.filter(deliveries::id.eq_any(ids)))
        .set((
            deliveries::lease_owner.eq(Some(lease.node)),
            deliveries::lease_until.eq(Some(lease.until)),
            deliveries::lease_no.eq(deliveries::lease_no + 1),
        ))
        .execute(conn)
}
