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
