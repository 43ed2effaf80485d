//! Table `events`: what was published, in the order of commits within a business unit.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::id::{BuId, EventId, Id, ProgrammeId, UserId};
use crate::domain::time::Ts;
use crate::store::dialect::{held, skip_locked};
use crate::store::pool::Conn;
use crate::store::rows::{self, Cell, Statement};
use crate::store::schema::{event_sequences, events};

/// Among how many of the newest events [`has_from_elsewhere`] looks.
const LOOKED_AT: i64 = 1_000;

/// An event as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = events)]
pub struct EventRow {
    /// Its id.
    pub id: EventId,
    /// The tenant it happened in.
    pub bu_id: BuId,
    /// Its place in the order of the tenant's commits, from 1, without gaps.
    pub seq: i64,
    /// Its type.
    pub event_type: String,
    /// The login it is about.
    pub subject: Option<UserId>,
    /// The programme it happened in.
    pub programme_id: Option<ProgrammeId>,
    /// How it came: `api`, `system`, `test`.
    pub source: String,
    /// When it happened, as its producer says.
    pub created_at: Ts,
    /// When it was stored.
    pub received_at: Ts,
    /// The bytes that every attempt sends.
    pub body: Vec<u8>,
    /// Where the value of `data` begins in `body`.
    pub data_at: i32,
}

struct Take;

impl Statement for Take {
    const SQL: &'static str = "INSERT INTO event_sequences (bu_id, last_seq) {values} ON CONFLICT (bu_id) \
        DO UPDATE SET last_seq = event_sequences.last_seq + excluded.last_seq RETURNING last_seq";
}

/// Takes the next `count` places in the order of `bu`'s commits; gives the last one taken. Holds the
/// order until the transaction ends, so that nobody sees a later place before an earlier one.
pub fn take_places(conn: &mut Conn, bu: BuId, count: i64) -> QueryResult<i64> {
    rows::number::<Take, 2>(conn, [Cell::text(bu.as_str()), Cell::BigInt(Some(count))])
}

struct Insert;

impl Statement for Insert {
    const SQL: &'static str = "INSERT INTO events (id, bu_id, seq, event_type, subject, programme_id, \
        source, created_at, received_at, body, data_at) {values}";
}

/// Stores events.
pub fn insert(conn: &mut Conn, rows: &[EventRow]) -> QueryResult<usize> {
    let cells = rows.iter().map(|row| {
        [
            Cell::text(row.id.as_str()),
            Cell::text(row.bu_id.as_str()),
            Cell::BigInt(Some(row.seq)),
            Cell::text(&row.event_type),
            Cell::maybe(row.subject.as_ref().map(Id::as_str)),
            Cell::maybe(row.programme_id.as_ref().map(Id::as_str)),
            Cell::text(&row.source),
            Cell::BigInt(Some(row.created_at.0)),
            Cell::BigInt(Some(row.received_at.0)),
            Cell::Bytes(&row.body),
            Cell::Int(Some(row.data_at)),
        ]
    });
    rows::run::<Insert, 11>(conn, cells)
}

/// One event of `bu`.
pub fn find(conn: &mut Conn, bu: BuId, id: EventId) -> QueryResult<Option<EventRow>> {
    events::table.find(id).filter(events::bu_id.eq(bu)).select(EventRow::as_select()).first(conn).optional()
}

/// The same, and retention does not remove it until the transaction ends.
pub fn hold(conn: &mut Conn, bu: BuId, id: EventId) -> QueryResult<Option<EventRow>> {
    let rows: Vec<EventRow> =
        held!(conn, events::table.find(id).filter(events::bu_id.eq(bu)).select(EventRow::as_select()));
    Ok(rows.into_iter().next())
}

/// The same for several events; those that are no longer kept are absent.
pub fn hold_all(conn: &mut Conn, bu: BuId, ids: &[EventId]) -> QueryResult<Vec<EventRow>> {
    Ok(held!(
        conn,
        events::table
            .filter(events::id.eq_any(ids).and(events::bu_id.eq(bu)))
            .select(EventRow::as_select())
            .order(events::id)
    ))
}

/// The business unit each of these events happened in; those that are no longer kept are absent. For whoever
/// then decides who may see them.
pub fn units_of(conn: &mut Conn, ids: &[EventId]) -> QueryResult<Vec<(EventId, BuId)>> {
    events::table.filter(events::id.eq_any(ids)).select((events::id, events::bu_id)).load(conn)
}

/// At most `limit` events from before `before` and after `after`, oldest first, held until the transaction
/// ends; those that somebody else holds are left out. For upkeep, which serves every tenant.
pub fn old(conn: &mut Conn, before: EventId, after: EventId, limit: i64) -> QueryResult<Vec<EventId>> {
    Ok(skip_locked!(
        conn,
        events::table
            .select(events::id)
            .filter(events::id.lt(before).and(events::id.gt(after)))
            .order(events::id)
            .limit(limit)
    ))
}

/// Removes events. Their deliveries must be gone. For upkeep.
pub fn remove(conn: &mut Conn, ids: &[EventId]) -> QueryResult<usize> {
    diesel::delete(events::table.filter(events::id.eq_any(ids))).execute(conn)
}

/// Which events a list shows, newest first.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Only before this place.
    pub before: Option<i64>,
    /// Only from this place on.
    pub from: Option<i64>,
    /// Only of this type. Say also from which place on: the search walks over all others.
    pub event_type: Option<String>,
}

/// Events of `bu`, newest first, at most `limit`.
pub fn list(conn: &mut Conn, bu: BuId, filter: &EventFilter, limit: i64) -> QueryResult<Vec<EventRow>> {
    let mut query = events::table.filter(events::bu_id.eq(bu)).select(EventRow::as_select()).into_boxed();
    if let Some(before) = filter.before {
        query = query.filter(events::seq.lt(before));
    }
    if let Some(event_type) = &filter.event_type {
        query = query.filter(events::event_type.eq(event_type.clone()));
    }
    if let Some(from) = filter.from {
        query = query.filter(events::seq.ge(from));
    }
    query.order(events::seq.desc()).limit(limit).load(conn)
}

/// The place of one event of `bu`, to go on from in a list.
pub fn place(conn: &mut Conn, bu: BuId, id: EventId) -> QueryResult<Option<i64>> {
    events::table.find(id).filter(events::bu_id.eq(bu)).select(events::seq).first(conn).optional()
}

/// The first event of `bu` at the place `place` or after it.
pub fn from_place(conn: &mut Conn, bu: BuId, place: i64) -> QueryResult<Option<(i64, EventId)>> {
    events::table
        .filter(events::bu_id.eq(bu).and(events::seq.ge(place)))
        .select((events::seq, events::id))
        .order(events::seq)
        .first(conn)
        .optional()
}

/// An event without its bytes, as lists go over it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = events)]
pub struct EventHead {
    /// Its id.
    pub id: EventId,
    /// Its place in the order of the tenant's commits.
    pub seq: i64,
    /// Its type.
    pub event_type: String,
    /// When it was stored.
    pub received_at: Ts,
}

/// The events of `bu` before the place `before`, newest first, at most `limit`. What is not asked for is
/// left out afterwards: a condition here could make the search walk the whole history.
pub fn heads(conn: &mut Conn, bu: BuId, before: i64, limit: i64) -> QueryResult<Vec<EventHead>> {
    events::table
        .filter(events::bu_id.eq(bu).and(events::seq.lt(before)))
        .select(EventHead::as_select())
        .order(events::seq.desc())
        .limit(limit)
        .load(conn)
}

/// These events of `bu`, newest first; those that are no longer kept are absent.
pub fn heads_of(conn: &mut Conn, bu: BuId, ids: &[EventId]) -> QueryResult<Vec<EventHead>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    events::table
        .filter(events::id.eq_any(ids).and(events::bu_id.eq(bu)))
        .select(EventHead::as_select())
        .order(events::seq.desc())
        .load(conn)
}

/// An event as readers of the feed pass over it.
#[derive(Debug, Clone, Queryable)]
pub struct FeedHead {
    /// Its place in the order of the tenant's commits.
    pub seq: i64,
    /// Its type.
    pub event_type: String,
    /// How it came.
    pub source: String,
    /// How many bytes its body has.
    pub size: i64,
}

/// The last events of one programme of `bu` from the place `from` on, newest first, at most `limit`.
pub fn latest_of_programme(
    conn: &mut Conn,
    bu: BuId,
    from: i64,
    programme: ProgrammeId,
    limit: i64,
) -> QueryResult<Vec<EventHead>> {
    events::table
        .filter(events::bu_id.eq(bu).and(events::seq.ge(from)))
        .filter(events::programme_id.eq(Some(programme)))
        .select(EventHead::as_select())
        .order(events::seq.desc())
        .limit(limit)
        .load(conn)
}

/// The events of `bu` behind the place `after`, oldest first, at most `limit`.
pub fn heads_after(conn: &mut Conn, bu: BuId, after: i64, limit: i64) -> QueryResult<Vec<FeedHead>> {
    events::table
        .filter(events::bu_id.eq(bu).and(events::seq.gt(after)))
        .select((
            events::seq,
            events::event_type,
            events::source,
            sql::<BigInt>("CAST(length(body) AS BIGINT)"),
        ))
        .order(events::seq)
        .limit(limit)
        .load(conn)
}

/// The events of `bu` at these places, oldest first; those that are no longer kept are absent.
pub fn at_places(conn: &mut Conn, bu: BuId, places: &[i64]) -> QueryResult<Vec<EventRow>> {
    events::table
        .filter(events::bu_id.eq(bu).and(events::seq.eq_any(places)))
        .select(EventRow::as_select())
        .order(events::seq)
        .load(conn)
}

/// The place that was given last in `bu`; 0 before the first.
pub fn last_place(conn: &mut Conn, bu: BuId) -> QueryResult<i64> {
    let last = event_sequences::table.find(bu).select(event_sequences::last_seq).first(conn).optional()?;
    Ok(last.unwrap_or(0))
}

/// The same for several units; those without events are absent. For whoever serves readers of them all.
pub fn last_places(conn: &mut Conn, units: &[BuId]) -> QueryResult<Vec<(BuId, i64)>> {
    event_sequences::table
        .filter(event_sequences::bu_id.eq_any(units))
        .select((event_sequences::bu_id, event_sequences::last_seq))
        .load(conn)
}

/// Whether one of the newest thousand events of `bu` that are kept came from anywhere but `source`.
pub fn has_from_elsewhere(conn: &mut Conn, bu: BuId, source: &str) -> QueryResult<bool> {
    let from = last_place(conn, bu)? - LOOKED_AT;
    let others =
        events::table.filter(events::bu_id.eq(bu).and(events::seq.gt(from)).and(events::source.ne(source)));
    diesel::select(diesel::dsl::exists(others)).get_result(conn)
}

/// The place behind the last event of `bu` that was stored before `moment`, or behind all without one.
/// Places and moments grow together, give or take the length of a transaction, so that about thirty
/// looks at the index find it in any history.
pub fn place_at(conn: &mut Conn, bu: BuId, moment: Option<Ts>) -> QueryResult<i64> {
    let (mut low, mut high) = (1, last_place(conn, bu)? + 1);
    let Some(moment) = moment else { return Ok(high) };
    while low < high {
        let middle = low + (high - low) / 2;
        // Retention removes the oldest ones: the first that is left stands for them.
        let next: Option<(i64, Ts)> = events::table
            .filter(events::bu_id.eq(bu).and(events::seq.ge(middle)))
            .select((events::seq, events::received_at))
            .order(events::seq)
            .first(conn)
            .optional()?;
        match next {
            Some((seq, at)) if at < moment => low = seq + 1,
            Some(_) | None => high = middle,
        }
    }
    Ok(low)
}
