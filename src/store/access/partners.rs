//! Table `partners`: companies with logins here.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Text};

use crate::domain::access::partner::{PartnerKind, PartnerNumber, folded};
use crate::domain::id::{BuId, UserId};
use crate::domain::time::Ts;
use crate::store::access::grants::{self, Reached};
use crate::store::dialect;
use crate::store::pool::Conn;
use crate::store::schema::{business_units, partners};

/// The first number that is given.
pub const FIRST_NUMBER: PartnerNumber = 10_001;
/// Numbers are given one creator at a time.
const LOCK: i64 = 0x6265_6c01;

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
}

/// A partner as the search shows it, with its business unit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct PartnerHit {
    /// The partner's number.
    pub number: PartnerNumber,
    /// The partner's name.
    pub name: String,
    /// Its business unit.
    pub bu: BuId,
}

/// Stores a partner.
pub fn insert(conn: &mut Conn, row: &PartnerRow) -> QueryResult<()> {
    diesel::insert_into(partners::table).values(row).execute(conn).map(drop)
}

/// The lowest free number from [`FIRST_NUMBER`] on. Others who ask wait until the transaction ends.
pub fn next_number(conn: &mut Conn) -> QueryResult<PartnerNumber> {
    dialect::lock(conn, LOCK)?;
    if find(conn, FIRST_NUMBER)?.is_none() {
        return Ok(FIRST_NUMBER);
    }
    let free = "NOT EXISTS (SELECT 1 FROM partners AS after WHERE after.id = partners.id + 1)";
    let last: PartnerNumber = partners::table
        .filter(partners::id.ge(FIRST_NUMBER))
        .filter(diesel::dsl::sql::<Bool>(free))
        .select(partners::id)
        .order(partners::id)
        .first(conn)?;
    Ok(last + 1)
}

/// One partner.
pub fn find(conn: &mut Conn, number: PartnerNumber) -> QueryResult<Option<PartnerRow>> {
    partners::table.find(number).select(PartnerRow::as_select()).first(conn).optional()
}

/// The names of these partners.
pub fn names(conn: &mut Conn, numbers: &[PartnerNumber]) -> QueryResult<Vec<(PartnerNumber, String)>> {
    partners::table.filter(partners::id.eq_any(numbers)).select((partners::id, partners::name)).load(conn)
}

/// Opens every business unit to a partner, or only those granted one by one.
pub fn set_grants_all(conn: &mut Conn, number: PartnerNumber, all: bool) -> QueryResult<()> {
    diesel::update(partners::table.find(number)).set(partners::grants_all.eq(all)).execute(conn).map(drop)
}

/// The partners with a business unit that `user` reaches through grants and whose number or name fits
/// `text`: the exact number first, then numbers and names that start with it, then names that hold it. By
/// name within each, at most `limit`. An empty text fits all.
pub fn search(conn: &mut Conn, user: UserId, text: &str, limit: i64) -> QueryResult<Vec<PartnerHit>> {
    let text = folded(text);
    let number: PartnerNumber = text.parse().unwrap_or(-1);
    let like = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let (starts, holds) = (format!("{like}%"), format!("%{like}%"));
    let mut query = business_units::table
        .inner_join(partners::table.on(partners::id.eq(business_units::partner_id)))
        .select((partners::id, partners::name, business_units::id))
        .filter(
            diesel::dsl::sql::<Bool>("(CAST(partners.id AS TEXT) LIKE ")
                .bind::<Text, _>(starts.clone())
                .sql(" ESCAPE '\\' OR partners.name_folded LIKE ")
                .bind::<Text, _>(holds)
                .sql(" ESCAPE '\\')"),
        )
        .into_boxed();
    query = match grants::reached(conn, user)? {
        Reached::All => query,
        Reached::Some(units) => query.filter(business_units::id.eq_any(units)),
    };
    let rank = diesel::dsl::sql::<Integer>("CASE WHEN partners.id = ")
        .bind::<BigInt, _>(number)
        .sql(" THEN 0 WHEN CAST(partners.id AS TEXT) LIKE ")
        .bind::<Text, _>(starts.clone())
        .sql(" ESCAPE '\\' AND ")
        .bind::<Bool, _>(!text.is_empty())
        .sql(" THEN 1 WHEN partners.name_folded LIKE ")
        .bind::<Text, _>(starts)
        .sql(" ESCAPE '\\' THEN 2 ELSE 3 END");
    query.order((rank, partners::name_folded, partners::id)).limit(limit).load(conn)
}
