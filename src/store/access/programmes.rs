//! Table `programmes`: sub-accounts of business units with their own integrations.

use diesel::prelude::*;

use crate::domain::id::{BuId, ProgrammeId};
use crate::domain::time::Ts;
use crate::store::pool::Conn;
use crate::store::schema::programmes;

/// A programme as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = programmes)]
pub struct ProgrammeRow {
    /// Its id.
    pub id: ProgrammeId,
    /// The tenant.
    pub bu_id: BuId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Ts,
}

/// Stores a programme.
pub fn insert(conn: &mut Conn, row: &ProgrammeRow) -> QueryResult<()> {
    diesel::insert_into(programmes::table).values(row).execute(conn).map(drop)
}

/// One programme of `bu`.
pub fn find(conn: &mut Conn, bu: BuId, id: ProgrammeId) -> QueryResult<Option<ProgrammeRow>> {
    programmes::table
        .find(id)
        .filter(programmes::bu_id.eq(bu))
        .select(ProgrammeRow::as_select())
        .first(conn)
        .optional()
}

/// The names of these programmes of `bu`.
pub fn names(conn: &mut Conn, bu: BuId, ids: &[ProgrammeId]) -> QueryResult<Vec<(ProgrammeId, String)>> {
    programmes::table
        .filter(programmes::id.eq_any(ids).and(programmes::bu_id.eq(bu)))
        .select((programmes::id, programmes::name))
        .load(conn)
}

/// Whether a programme of `bu` other than `but` has this name.
pub fn is_name_taken(conn: &mut Conn, bu: BuId, name: &str, but: Option<ProgrammeId>) -> QueryResult<bool> {
    let found: Vec<ProgrammeId> = programmes::table
        .filter(programmes::bu_id.eq(bu).and(programmes::name.eq(name)))
        .select(programmes::id)
        .load(conn)?;
    Ok(found.into_iter().any(|id| Some(id) != but))
}

/// Gives a programme of `bu` another name.
pub fn rename(conn: &mut Conn, bu: BuId, id: ProgrammeId, name: &str) -> QueryResult<()> {
    let this = programmes::table.find(id).filter(programmes::bu_id.eq(bu));
    diesel::update(this).set(programmes::name.eq(name)).execute(conn).map(drop)
}

/// Removes a programme of `bu`. No webhook may name it.
pub fn remove(conn: &mut Conn, bu: BuId, id: ProgrammeId) -> QueryResult<()> {
    diesel::delete(programmes::table.find(id).filter(programmes::bu_id.eq(bu))).execute(conn).map(drop)
}

/// The programmes of `bu`, oldest first.
pub fn list(conn: &mut Conn, bu: BuId) -> QueryResult<Vec<ProgrammeRow>> {
    programmes::table
        .filter(programmes::bu_id.eq(bu))
        .select(ProgrammeRow::as_select())
        .order(programmes::id)
        .load(conn)
}

/// How many programmes each of these units has; those without any are left out.
pub fn counts(conn: &mut Conn, units: &[BuId]) -> QueryResult<Vec<(BuId, i64)>> {
    programmes::table
        .filter(programmes::bu_id.eq_any(units))
        .group_by(programmes::bu_id)
        .select((programmes::bu_id, diesel::dsl::count_star()))
        .load(conn)
}
