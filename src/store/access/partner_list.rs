//! Partners as operators list them: all of the installation, with their units, logins and grants.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::domain::access::partner::{PartnerKind, PartnerNumber};
use crate::domain::access::user::Role;
use crate::domain::id::{BuId, UserId};
use crate::domain::time::Ts;
use crate::store::access::partner_search::{by_letters, ranges};
use crate::store::dialect::holds;
use crate::store::pool::Conn;
use crate::store::schema::{business_units, grants, memberships, partners, users};

/// A partner with its own unit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct ListedPartner {
    /// Its number.
    pub number: PartnerNumber,
    /// Its name.
    pub name: String,
    /// How far it reaches.
    pub kind: PartnerKind,
    /// Whether it may access every business unit.
    pub grants_all: bool,
    /// When it was made.
    pub created_at: Ts,
    /// Whether its owners are operators.
    pub is_operator: bool,
    /// Whether its logins need a second factor.
    pub second_factor_required: bool,
    /// The unit of a channel partner, and whether API access is part of its plan.
    pub unit: Option<(BuId, bool)>,
}

/// An owner of a partner.
#[derive(Debug, Clone, Queryable)]
pub struct OwnerRow {
    /// The login's id.
    pub id: UserId,
    /// Its number.
    pub number: i64,
    /// The person's name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// Whether a password was chosen.
    pub has_password: bool,
    /// Since when it cannot be used.
    pub disabled_at: Option<Ts>,
}

/// A unit that a global partner was granted by itself.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct GrantedUnit {
    /// The unit.
    pub bu: BuId,
    /// Its partner's number.
    pub number: PartnerNumber,
    /// Its partner's name.
    pub name: String,
    /// Since when.
    pub since: Ts,
}

#[diesel::dsl::auto_type]
fn with_units() -> _ {
    partners::table.left_join(business_units::table.on(business_units::partner_id.eq(partners::id)))
}

#[diesel::dsl::auto_type]
fn columns() -> _ {
    (
        partners::id,
        partners::name,
        partners::kind,
        partners::grants_all,
        partners::created_at,
        partners::is_operator,
        partners::second_factor_required,
        (business_units::id, business_units::api_access).nullable(),
    )
}

/// The partners behind number `after` whose number starts with `text` or whose name holds it, in the order of their
/// numbers, at most `limit`. An empty text fits all.
pub fn list(
    conn: &mut Conn,
    text: &str,
    after: PartnerNumber,
    limit: i64,
) -> QueryResult<Vec<ListedPartner>> {
    let query = with_units()
        .filter(partners::id.gt(after))
        .select(columns())
        .order(partners::id)
        .limit(limit)
        .into_boxed();
    if text.is_empty() {
        return query.load(conn);
    }
    let numbers = ranges(text);
    let query = if let Some(holding) = by_letters(conn, text)? {
        query.filter(partners::id.eq_any(holding).or(in_one_of(&numbers)))
    } else {
        query.filter(holds(conn, "partners.name_folded", text).or(in_one_of(&numbers)))
    };
    query.load(conn)
}

/// A condition on numbers; they are ours, and no text from outside.
fn in_one_of(ranges: &[(PartnerNumber, PartnerNumber)]) -> diesel::expression::SqlLiteral<Bool> {
    let each = ranges.iter().map(|(low, high)| format!("(partners.id >= {low} AND partners.id < {high})"));
    let any = each.collect::<Vec<_>>().join(" OR ");
    sql(if any.is_empty() { "FALSE".to_owned() } else { format!("({any})") }.as_str())
}

/// One partner with its own unit.
pub fn find(conn: &mut Conn, number: PartnerNumber) -> QueryResult<Option<ListedPartner>> {
    with_units().filter(partners::id.eq(number)).select(columns()).first(conn).optional()
}

/// How many logins each of these partners has; those without any are not among them.
pub fn logins(conn: &mut Conn, numbers: &[PartnerNumber]) -> QueryResult<Vec<(PartnerNumber, i64)>> {
    memberships::table
        .filter(memberships::partner_id.eq_any(numbers))
        .group_by(memberships::partner_id)
        .select((memberships::partner_id, diesel::dsl::count_star()))
        .load(conn)
}

/// How many units each of these partners was granted one by one; those without any are not among them.
pub fn granted(conn: &mut Conn, numbers: &[PartnerNumber]) -> QueryResult<Vec<(PartnerNumber, i64)>> {
    grants::table
        .filter(grants::partner_id.eq_any(numbers))
        .group_by(grants::partner_id)
        .select((grants::partner_id, diesel::dsl::count_star()))
        .load(conn)
}

/// The owners of a partner by their numbers, at most `limit`.
pub fn owners(conn: &mut Conn, number: PartnerNumber, limit: i64) -> QueryResult<Vec<OwnerRow>> {
    users::table
        .inner_join(memberships::table.on(memberships::user_id.eq(users::id)))
        .filter(memberships::partner_id.eq(number).and(memberships::role.eq(Role::Owner)))
        .select((
            users::id,
            users::number,
            users::name,
            users::email,
            users::password_hash.is_not_null(),
            users::disabled_at,
        ))
        .order(users::number)
        .limit(limit)
        .load(conn)
}

/// The units that a global partner was granted one by one, behind the partner `after`, at most `limit`.
pub fn granted_units(
    conn: &mut Conn,
    number: PartnerNumber,
    after: PartnerNumber,
    limit: i64,
) -> QueryResult<Vec<GrantedUnit>> {
    grants::table
        .inner_join(business_units::table.on(business_units::id.eq(grants::bu_id)))
        .inner_join(partners::table.on(partners::id.eq(business_units::partner_id)))
        .filter(grants::partner_id.eq(number).and(partners::id.gt(after)))
        .select((business_units::id, partners::id, partners::name, grants::created_at))
        .order(partners::id)
        .limit(limit)
        .load(conn)
}
