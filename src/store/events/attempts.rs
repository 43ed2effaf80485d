//! Table `attempts`: one HTTP request of a delivery.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::events::attempt::{Attempt, HeaderLines};
use crate::domain::events::cause::Cause;
use crate::domain::id::{AttemptId, BuId, DeliveryId, EndpointId};
use crate::domain::time::Ts;
use crate::store::pool::Conn;
use crate::store::rows::{self, Cell, Statement};
use crate::store::schema::attempts;

#[derive(Queryable, Selectable)]
#[diesel(table_name = attempts)]
struct AttemptRow {
    id: AttemptId,
    delivery_id: DeliveryId,
    bu_id: BuId,
    endpoint_id: EndpointId,
    number: i32,
    started_at: Ts,
    duration_ms: i32,
    status: Option<i32>,
    cause: Option<Cause>,
    url: String,
    request_headers: String,
    response_headers: String,
    response_body: Vec<u8>,
    response_cut: bool,
    detail: Option<String>,
}

struct Insert;

impl Statement for Insert {
    const SQL: &'static str = "INSERT INTO attempts (id, delivery_id, bu_id, endpoint_id, number, \
        started_at, duration_ms, status, cause, url, request_headers, response_headers, response_body, \
        response_cut, detail) {values}";
}

/// Stores attempts.
pub fn insert<'a>(conn: &mut Conn, attempts: impl Iterator<Item = &'a Attempt>) -> QueryResult<usize> {
    let cells = attempts.map(|attempt| {
        [
            Cell::text(attempt.id.as_str()),
            Cell::text(attempt.delivery.as_str()),
            Cell::text(attempt.bu.as_str()),
            Cell::text(attempt.endpoint.as_str()),
            Cell::Int(Some(attempt.number)),
            Cell::BigInt(Some(attempt.started_at.0)),
            Cell::Int(Some(attempt.duration_ms)),
            Cell::Int(attempt.status),
            Cell::maybe(attempt.cause.map(Cause::as_str)),
            Cell::text(&attempt.url),
            Cell::text(attempt.request_headers.as_str()),
            Cell::text(attempt.response_headers.as_str()),
            Cell::Bytes(&attempt.response_body),
            Cell::Bool(attempt.response_cut),
            Cell::maybe(attempt.detail.as_deref()),
        ]
    });
    rows::run::<Insert, 15>(conn, cells)
}

/// The attempts of these deliveries that are stored. For the engine, which serves every tenant.
pub fn known(conn: &mut Conn, deliveries: &[DeliveryId]) -> QueryResult<Vec<AttemptId>> {
    let mut known = Vec::new();
    for deliveries in deliveries.chunks(1_000) {
        let these = attempts::table.filter(attempts::delivery_id.eq_any(deliveries));
        known.extend(these.select(attempts::id).load::<AttemptId>(conn)?);
    }
    Ok(known)
}

/// The attempts of these deliveries of `bu`, in the order they were made.
pub fn of_deliveries(conn: &mut Conn, bu: BuId, deliveries: &[DeliveryId]) -> QueryResult<Vec<Attempt>> {
    let rows: Vec<AttemptRow> = attempts::table
        .filter(attempts::delivery_id.eq_any(deliveries).and(attempts::bu_id.eq(bu)))
        .select(AttemptRow::as_select())
        .order(attempts::id)
        .load(conn)?;
    Ok(rows.into_iter().map(attempt).collect())
}

/// For what the last attempt of each of these deliveries of `bu` failed, and what exactly; those of which nothing more
/// is known than the cause are absent.
pub fn last_details(
    conn: &mut Conn,
    bu: BuId,
    deliveries: &[DeliveryId],
) -> QueryResult<HashMap<DeliveryId, (Option<Cause>, String)>> {
    if deliveries.is_empty() {
        return Ok(HashMap::new());
    }
    let all: Vec<(DeliveryId, Option<Cause>, Option<String>)> = attempts::table
        .filter(attempts::delivery_id.eq_any(deliveries).and(attempts::bu_id.eq(bu)))
        .select((attempts::delivery_id, attempts::cause, attempts::detail))
        .order(attempts::id)
        .load(conn)?;
    let last: HashMap<_, _> =
        all.into_iter().map(|(delivery, cause, detail)| (delivery, (cause, detail))).collect();
    Ok(last
        .into_iter()
        .filter_map(|(delivery, (cause, detail))| Some((delivery, (cause, detail?))))
        .collect())
}

/// Removes at most `limit` attempts of these deliveries. For upkeep, which serves every tenant.
pub fn remove(conn: &mut Conn, deliveries: &[DeliveryId], limit: i64) -> QueryResult<usize> {
    let these = attempts::table.filter(attempts::delivery_id.eq_any(deliveries));
    let ids: Vec<AttemptId> = these.select(attempts::id).limit(limit).load(conn)?;
    diesel::delete(
        attempts::table.filter(attempts::delivery_id.eq_any(deliveries).and(attempts::id.eq_any(ids))),
    )
    .execute(conn)
}

fn attempt(row: AttemptRow) -> Attempt {
    Attempt {
        id: row.id,
        delivery: row.delivery_id,
        bu: row.bu_id,
        endpoint: row.endpoint_id,
        number: row.number,
        started_at: row.started_at,
        duration_ms: row.duration_ms,
        status: row.status,
        cause: row.cause,
        detail: row.detail,
        url: row.url,
        request_headers: HeaderLines::from_text(row.request_headers),
        response_headers: HeaderLines::from_text(row.response_headers),
        response_body: row.response_body,
        response_cut: row.response_cut,
    }
}
