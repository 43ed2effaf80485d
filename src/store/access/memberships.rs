//! Table `memberships`: the role of each login at its partners, and what follows for a business unit.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::domain::access::partner::{PartnerKind, PartnerNumber};
use crate::domain::access::user::Role;
use crate::domain::id::{BuId, UserId};
use crate::domain::time::Ts;
use crate::store::pool::Conn;
use crate::store::schema::{business_units, grants, memberships, partners, users};

/// A membership as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = memberships)]
pub struct MembershipRow {
    /// The login.
    pub user_id: UserId,
    /// The partner.
    pub partner_id: PartnerNumber,
    /// What the login may do there.
    pub role: Role,
    /// Since when.
    pub created_at: Ts,
}

/// What a login may do in a business unit, and through what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The role.
    pub role: Role,
    /// Whether it comes from a grant to a global partner; otherwise it is a role at the unit's own partner.
    pub by_grant: bool,
}

/// Stores a membership.
pub fn insert(conn: &mut Conn, row: &MembershipRow) -> QueryResult<()> {
    diesel::insert_into(memberships::table).values(row).execute(conn).map(drop)
}

/// The partners of a login with their kinds, lowest number first.
pub fn of_user(conn: &mut Conn, user: UserId) -> QueryResult<Vec<(PartnerNumber, PartnerKind)>> {
    memberships::table
        .inner_join(partners::table.on(partners::id.eq(memberships::partner_id)))
        .filter(memberships::user_id.eq(user))
        .select((partners::id, partners::kind))
        .order(partners::id)
        .load(conn)
}

/// The role of a login at one partner.
pub fn role_at(conn: &mut Conn, user: UserId, partner: PartnerNumber) -> QueryResult<Option<Role>> {
    memberships::table.find((user, partner)).select(memberships::role).first(conn).optional()
}

/// Changes the role of a login at one partner; whether it has one there.
pub fn set_role(conn: &mut Conn, user: UserId, partner: PartnerNumber, role: Role) -> QueryResult<bool> {
    diesel::update(memberships::table.find((user, partner)))
        .set(memberships::role.eq(role))
        .execute(conn)
        .map(|n| n == 1)
}

/// Takes a login's role at one partner away; whether it had one there.
pub fn remove(conn: &mut Conn, user: UserId, partner: PartnerNumber) -> QueryResult<bool> {
    diesel::delete(memberships::table.find((user, partner))).execute(conn).map(|n| n == 1)
}

/// Of a row of `users`: whether it is an owner of a partner that operates the installation.
pub(super) fn operates() -> SqlLiteral<Bool> {
    sql("EXISTS (SELECT 1 FROM memberships AS m INNER JOIN partners AS p ON p.id = m.partner_id \
         WHERE m.user_id = users.id AND m.role = 'owner' AND p.is_operator)")
}

/// Of a row of `users`: whether a partner of it wants its logins to have a second factor.
fn needs() -> SqlLiteral<Bool> {
    sql("EXISTS (SELECT 1 FROM memberships AS m INNER JOIN partners AS p ON p.id = m.partner_id \
         WHERE m.user_id = users.id AND p.second_factor_required)")
}

/// The same, when it has none.
#[diesel::dsl::auto_type]
pub(super) fn owes() -> _ {
    let needs: SqlLiteral<Bool> = needs();
    needs.and(users::totp_sealed.is_null())
}

/// Whether `user` is an owner of a partner that operates the installation, and not switched off.
pub fn is_operator(conn: &mut Conn, user: UserId) -> QueryResult<bool> {
    let live = users::table.find(user).filter(users::disabled_at.is_null());
    Ok(live.select(operates()).first(conn).optional()?.unwrap_or(false))
}

/// Whether a partner of `user` wants its logins to have a second factor.
pub fn needs_second_factor(conn: &mut Conn, user: UserId) -> QueryResult<bool> {
    Ok(users::table.find(user).select(needs()).first(conn).optional()?.unwrap_or(false))
}

/// The same, and `user` has none.
pub fn owes_second_factor(conn: &mut Conn, user: UserId) -> QueryResult<bool> {
    Ok(users::table.find(user).select(owes()).first(conn).optional()?.unwrap_or(false))
}

/// Those of these logins that belong to a global partner, with their e-mail addresses.
pub fn global_among(conn: &mut Conn, ids: &[UserId]) -> QueryResult<Vec<(UserId, String)>> {
    users::table
        .inner_join(memberships::table.on(memberships::user_id.eq(users::id)))
        .inner_join(partners::table.on(partners::id.eq(memberships::partner_id)))
        .filter(users::id.eq_any(ids).and(partners::kind.eq(PartnerKind::Global)))
        .select((users::id, users::email))
        .load(conn)
}

/// What `user` may do in `bu` at this moment: its role at the unit's own partner, else its highest role at
/// a global partner that the unit is granted to. `None` for a login that is switched off.
pub fn standing(conn: &mut Conn, user: UserId, bu: BuId) -> QueryResult<Option<Standing>> {
    let live = users::table
        .filter(users::id.eq(user).and(users::disabled_at.is_null()))
        .select(users::id)
        .first::<UserId>(conn)
        .optional()?;
    if live.is_none() {
        return Ok(None);
    }
    let own: Option<Role> = memberships::table
        .inner_join(business_units::table.on(business_units::partner_id.eq(memberships::partner_id)))
        .filter(memberships::user_id.eq(user).and(business_units::id.eq(bu)))
        .select(memberships::role)
        .first(conn)
        .optional()?;
    if let Some(role) = own {
        return Ok(Some(Standing { role, by_grant: false }));
    }
    let granted = grants::table.filter(grants::bu_id.eq(bu)).select(grants::partner_id);
    let roles: Vec<Role> = memberships::table
        .inner_join(partners::table.on(partners::id.eq(memberships::partner_id)))
        .filter(memberships::user_id.eq(user).and(partners::kind.eq(PartnerKind::Global)))
        .filter(partners::grants_all.eq(true).or(partners::id.eq_any(granted)))
        .select(memberships::role)
        .load(conn)?;
    Ok(roles.into_iter().max().map(|role| Standing { role, by_grant: true }))
}
