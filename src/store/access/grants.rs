//! Table `grants`: business units that global partners may access.

use diesel::prelude::*;

use crate::domain::access::partner::{PartnerKind, PartnerNumber};
use crate::domain::access::user::Role;
use crate::domain::id::{BuId, UserId};
use crate::domain::time::Ts;
use crate::store::dialect::each;
use crate::store::pool::Conn;
use crate::store::schema::{grants, memberships, partners, users};

/// A grant as stored.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = grants)]
pub struct GrantRow {
    /// The global partner.
    pub partner_id: PartnerNumber,
    /// The business unit it may access.
    pub bu_id: BuId,
    /// Since when.
    pub created_at: Ts,
}

/// What a login reaches through grants to its partners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached {
    /// Every business unit.
    All,
    /// These business units.
    Some(Vec<BuId>),
    /// Those granted to these partners: too many to name.
    Many(Vec<PartnerNumber>),
}

/// Stores a grant; whether it is new.
pub fn insert(conn: &mut Conn, row: &GrantRow) -> QueryResult<bool> {
    let new = each!(conn, c => diesel::insert_into(grants::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(new == 1)
}

/// Withdraws a grant; whether there was one.
pub fn remove(conn: &mut Conn, partner: PartnerNumber, bu: BuId) -> QueryResult<bool> {
    diesel::delete(grants::table.find((partner, bu))).execute(conn).map(|n| n == 1)
}

/// The global partners that may access `bu` at this moment, lowest number first.
pub fn partners_over(conn: &mut Conn, bu: BuId) -> QueryResult<Vec<PartnerNumber>> {
    let granted = grants::table.filter(grants::bu_id.eq(bu)).select(grants::partner_id);
    let mut over: Vec<PartnerNumber> = granted.load(conn)?;
    // Written out, so that both databases know that the partial index fits.
    let of_all = partners::table.filter(diesel::dsl::sql::<diesel::sql_types::Bool>("grants_all"));
    over.extend(of_all.select(partners::id).load::<PartnerNumber>(conn)?);
    over.sort_unstable();
    over.dedup();
    Ok(over)
}

/// The global partners that may access `bu` and at which `user` has a role, with that role, lowest number
/// first. None for a login that is switched off.
pub fn partners_of(conn: &mut Conn, user: UserId, bu: BuId) -> QueryResult<Vec<(PartnerNumber, Role)>> {
    let over = partners_over(conn, bu)?;
    memberships::table
        .inner_join(users::table.on(users::id.eq(memberships::user_id)))
        .filter(memberships::user_id.eq(user).and(users::disabled_at.is_null()))
        .filter(memberships::partner_id.eq_any(over))
        .select((memberships::partner_id, memberships::role))
        .order(memberships::partner_id)
        .load(conn)
}

/// What `user` reaches through the global partners it belongs to, at this moment; named when they are `most` at
/// the most.
pub fn reached_up_to(conn: &mut Conn, user: UserId, most: i64) -> QueryResult<Reached> {
    let globals: Vec<(PartnerNumber, bool)> = memberships::table
        .inner_join(partners::table.on(partners::id.eq(memberships::partner_id)))
        .filter(memberships::user_id.eq(user).and(partners::kind.eq(PartnerKind::Global)))
        .select((partners::id, partners::grants_all))
        .load(conn)?;
    if globals.iter().any(|(_, all)| *all) {
        return Ok(Reached::All);
    }
    let globals: Vec<PartnerNumber> = globals.into_iter().map(|(partner, _)| partner).collect();
    let units: Vec<BuId> = grants::table
        .filter(grants::partner_id.eq_any(&globals))
        .select(grants::bu_id)
        .limit(most.saturating_add(1))
        .load(conn)?;
    let named = i64::try_from(units.len()).unwrap_or(i64::MAX) <= most;
    Ok(if named { Reached::Some(units) } else { Reached::Many(globals) })
}
