//! Table `events`: what was published, in the order of commits within a business unit.

use diesel::prelude::*;

use crate::domain::id::{BuId, EventId, ProgrammeId, UserId};
use crate::domain::time::Ts;
use crate::store::dialect::each;
use crate::store::pool::Conn;
use crate::store::schema::{event_sequences, events};

/// An event as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = events)]
#[diesel(treat_none_as_default_value = false)]
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

/// Takes the next `count` places in the order of `bu`'s commits; gives the last one taken. Holds the
/// order until the transaction ends, so that nobody sees a later place before an earlier one.
pub fn take_places(conn: &mut Conn, bu: BuId, count: i64) -> QueryResult<i64> {
    let taken: Vec<i64> = diesel::update(event_sequences::table.find(bu))
        .set(event_sequences::last_seq.eq(event_sequences::last_seq + count))
        .returning(event_sequences::last_seq)
        .get_results(conn)?;
    if let Some(last) = taken.first() {
        return Ok(*last);
    }
    each!(conn, c => diesel::insert_into(event_sequences::table)
        .values((event_sequences::bu_id.eq(bu), event_sequences::last_seq.eq(count)))
        .on_conflict(event_sequences::bu_id)
        .do_update()
        .set(event_sequences::last_seq.eq(event_sequences::last_seq + count))
        .returning(event_sequences::last_seq)
        .get_result(c))
}

/// Stores events.
pub fn insert(conn: &mut Conn, rows: &[EventRow]) -> QueryResult<usize> {
    if rows.is_empty() {
        return Ok(0);
    }
    each!(conn, c => diesel::insert_into(events::table).values(rows).execute(c))
}

/// One event of `bu`.
pub fn find(conn: &mut Conn, bu: BuId, id: EventId) -> QueryResult<Option<EventRow>> {
    events::table.find(id).filter(events::bu_id.eq(bu)).select(EventRow::as_select()).first(conn).optional()
}

/// Which events a list shows, newest first.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Only before this place.
    pub before: Option<i64>,
    /// Only of this type.
    pub event_type: Option<String>,
    /// Only ids between these two, both included.
    pub ids: Option<(String, String)>,
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
    if let Some((low, high)) = &filter.ids {
        let within = diesel::dsl::sql::<diesel::sql_types::Bool>("id BETWEEN ")
            .bind::<diesel::sql_types::Text, _>(low.clone())
            .sql(" AND ")
            .bind::<diesel::sql_types::Text, _>(high.clone());
        query = query.filter(within);
    }
    query.order(events::seq.desc()).limit(limit).load(conn)
}

/// The place of one event of `bu`, to go on from in a list.
pub fn place(conn: &mut Conn, bu: BuId, id: EventId) -> QueryResult<Option<i64>> {
    events::table.find(id).filter(events::bu_id.eq(bu)).select(events::seq).first(conn).optional()
}
