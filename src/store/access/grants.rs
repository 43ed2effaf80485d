//! Table `grants`: business units that global partners may access.

use diesel::prelude::*;

use crate::domain::access::partner::{PartnerKind, PartnerNumber};
use crate::domain::id::{BuId, UserId};
use crate::domain::time::Ts;
use crate::store::dialect::each;
use crate::store::pool::Conn;
use crate::store::schema::{grants, memberships, partners};

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
