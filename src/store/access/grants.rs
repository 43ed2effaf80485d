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

/// What `user` reaches through the global partners it belongs to, at this moment.
pub fn reached(conn: &mut Conn, user: UserId) -> QueryResult<Reached> {
    let globals: Vec<(PartnerNumber, bool)> = memberships::table
        .inner_join(partners::table.on(partners::id.eq(memberships::partner_id)))
        .filter(memberships::user_id.eq(user).and(partners::kind.eq(PartnerKind::Global)))
        .select((partners::id, partners::grants_all))
        .load(conn)?;
    if globals.iter().any(|(_, all)| *all) {
        return Ok(Reached::All);
    }
    grants::table
        .filter(grants::partner_id.eq_any(globals.into_iter().map(|(partner, _)| partner)))
        .select(grants::bu_id)
        .load(conn)
        .map(Reached::Some)
}
