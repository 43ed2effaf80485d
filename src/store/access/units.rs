//! Table `business_units`: the tenants.

use diesel::prelude::*;

use crate::domain::access::partner::PartnerNumber;
use crate::domain::id::BuId;
use crate::domain::time::Ts;
use crate::store::pool::Conn;
use crate::store::schema::business_units;

/// A business unit as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = business_units)]
pub struct UnitRow {
    /// Its id.
    pub id: BuId,
    /// The partner it belongs to.
    pub partner_id: PartnerNumber,
    /// Its name.
    pub name: String,
    /// Whether API access is part of its plan.
    pub api_access: bool,
    /// When it was made.
    pub created_at: Ts,
}

/// Stores a business unit.
pub fn insert(conn: &mut Conn, row: &UnitRow) -> QueryResult<()> {
    diesel::insert_into(business_units::table).values(row).execute(conn).map(drop)
}

/// One business unit.
pub fn find(conn: &mut Conn, bu: BuId) -> QueryResult<Option<UnitRow>> {
    business_units::table.find(bu).select(UnitRow::as_select()).first(conn).optional()
}

/// The business unit of a channel partner; a global partner has none of its own.
pub fn of_partner(conn: &mut Conn, partner: PartnerNumber) -> QueryResult<Option<UnitRow>> {
    business_units::table
        .filter(business_units::partner_id.eq(partner))
        .select(UnitRow::as_select())
        .first(conn)
        .optional()
}

/// The business units of those of these partners that have one, each with its partner.
pub fn of_partners(conn: &mut Conn, partners: &[PartnerNumber]) -> QueryResult<Vec<(PartnerNumber, BuId)>> {
    business_units::table
        .filter(business_units::partner_id.eq_any(partners))
        .select((business_units::partner_id, business_units::id))
        .load(conn)
}

/// How many of these business units there are; each counts once.
pub fn count_among(conn: &mut Conn, ids: &[BuId]) -> QueryResult<i64> {
    business_units::table.filter(business_units::id.eq_any(ids)).count().get_result(conn)
}

/// Says whether API access is part of the plan of `bu`.
pub fn set_api_access(conn: &mut Conn, bu: BuId, api_access: bool) -> QueryResult<()> {
    diesel::update(business_units::table.find(bu))
        .set(business_units::api_access.eq(api_access))
        .execute(conn)
        .map(drop)
}

/// Gives a business unit another name.
pub fn rename(conn: &mut Conn, bu: BuId, name: &str) -> QueryResult<()> {
    diesel::update(business_units::table.find(bu)).set(business_units::name.eq(name)).execute(conn).map(drop)
}
