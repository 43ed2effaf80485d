//! Table `partners`: companies with logins here.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::domain::access::partner::{PartnerKind, PartnerNumber};
use crate::domain::time::Ts;
use crate::store::dialect;
use crate::store::pool::Conn;
use crate::store::schema::partners;
use crate::store::system::settings;

/// The first number that is given.
pub const FIRST_NUMBER: PartnerNumber = 10_001;
/// Numbers are given one creator at a time.
const LOCK: i64 = 0x6265_6c01;
/// The setting below which every number is given. Partners are never removed, so that it only grows.
const ALL_GIVEN_BELOW: &str = "partner_numbers_given_below";

/// A partner as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = partners)]
pub struct PartnerRow {
    /// Its number.
    pub id: PartnerNumber,
    /// Its name.
    pub name: String,
    /// Its name as the search compares it.
    pub name_folded: String,
    /// How far it reaches.
    pub kind: PartnerKind,
    /// Whether it may access every business unit.
    pub grants_all: bool,
    /// When it was made.
    pub created_at: Ts,
    /// Whether its owners are operators of the installation.
    pub is_operator: bool,
    /// Whether its logins need a second factor.
    pub second_factor_required: bool,
}

/// Stores a partner.
pub fn insert(conn: &mut Conn, row: &PartnerRow) -> QueryResult<()> {
    diesel::insert_into(partners::table).values(row).execute(conn).map(drop)
}

/// The lowest free number from [`FIRST_NUMBER`] on. Others who ask wait until the transaction ends.
pub fn next_number(conn: &mut Conn) -> QueryResult<PartnerNumber> {
    dialect::lock(conn, LOCK)?;
    let noted = settings::get(conn, ALL_GIVEN_BELOW)?.and_then(|text| text.parse().ok());
    let start: PartnerNumber = noted.unwrap_or(FIRST_NUMBER);
    if find(conn, start)?.is_none() {
        return Ok(start);
    }
    let free = "NOT EXISTS (SELECT 1 FROM partners AS after WHERE after.id = partners.id + 1)";
    let last: PartnerNumber = partners::table
        .filter(partners::id.ge(start))
        .filter(diesel::dsl::sql::<Bool>(free))
        .select(partners::id)
        .order(partners::id)
        .first(conn)?;
    settings::set(conn, ALL_GIVEN_BELOW, &(last + 1).to_string())?;
    Ok(last + 1)
}

/// One partner.
pub fn find(conn: &mut Conn, number: PartnerNumber) -> QueryResult<Option<PartnerRow>> {
    partners::table.find(number).select(PartnerRow::as_select()).first(conn).optional()
}

/// Whether the owners of a partner are operators of the installation.
pub fn operates(conn: &mut Conn, number: PartnerNumber) -> QueryResult<bool> {
    let this = partners::table.find(number).select(partners::is_operator);
    Ok(this.first(conn).optional()?.unwrap_or(false))
}

/// The names of these partners.
pub fn names(conn: &mut Conn, numbers: &[PartnerNumber]) -> QueryResult<Vec<(PartnerNumber, String)>> {
    partners::table.filter(partners::id.eq_any(numbers)).select((partners::id, partners::name)).load(conn)
}

/// Opens every business unit to a partner, or only those granted one by one.
pub fn set_grants_all(conn: &mut Conn, number: PartnerNumber, all: bool) -> QueryResult<()> {
    diesel::update(partners::table.find(number)).set(partners::grants_all.eq(all)).execute(conn).map(drop)
}

/// Makes the owners of a partner operators, or ends that.
pub fn set_operator(conn: &mut Conn, number: PartnerNumber, on: bool) -> QueryResult<()> {
    diesel::update(partners::table.find(number)).set(partners::is_operator.eq(on)).execute(conn).map(drop)
}

/// Whether the logins of a partner need a second factor from now on.
pub fn require_second_factor(conn: &mut Conn, number: PartnerNumber, on: bool) -> QueryResult<()> {
    diesel::update(partners::table.find(number))
        .set(partners::second_factor_required.eq(on))
        .execute(conn)
        .map(drop)
}

/// Gives a partner another name; `folded` is the same as the search compares it.
pub fn rename(conn: &mut Conn, number: PartnerNumber, name: &str, folded: &str) -> QueryResult<()> {
    diesel::update(partners::table.find(number))
        .set((partners::name.eq(name), partners::name_folded.eq(folded)))
        .execute(conn)
        .map(drop)
}
