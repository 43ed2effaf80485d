//! Table `recent_units`: which units of others a login opened last.

use diesel::prelude::*;

use crate::domain::id::{BuId, SessionId, UserId};
use crate::domain::time::Ts;
use crate::store::access::partner_search::PartnerHit;
use crate::store::dialect::each;
use crate::store::pool::Conn;
use crate::store::schema::{business_units, partners, recent_units};

/// How many are kept of each login.
const KEPT: i64 = 20;

/// That a login opened a unit of another partner.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = recent_units)]
pub struct RecentUnitRow {
    /// The login.
    pub user_id: UserId,
    /// The unit.
    pub bu_id: BuId,
    /// The session in which it was opened last.
    pub session_id: SessionId,
    /// When.
    pub opened_at: Ts,
}

/// The session in which `user` opened `bu` last.
pub fn session(conn: &mut Conn, user: UserId, bu: BuId) -> QueryResult<Option<SessionId>> {
    recent_units::table.find((user, bu)).select(recent_units::session_id).first(conn).optional()
}

/// Notes that a unit was opened; of each login the last ones are kept.
pub fn note(conn: &mut Conn, row: &RecentUnitRow) -> QueryResult<()> {
    each!(conn, c => diesel::insert_into(recent_units::table)
        .values(row)
        .on_conflict((recent_units::user_id, recent_units::bu_id))
        .do_update()
        .set((recent_units::session_id.eq(row.session_id), recent_units::opened_at.eq(row.opened_at)))
        .execute(c))?;
    let of_user = || recent_units::table.filter(recent_units::user_id.eq(row.user_id));
    let oldest: Option<Ts> = of_user()
        .order(recent_units::opened_at.desc())
        .select(recent_units::opened_at)
        .offset(KEPT - 1)
        .first(conn)
        .optional()?;
    match oldest {
        None => Ok(()),
        Some(oldest) => {
            diesel::delete(of_user().filter(recent_units::opened_at.lt(oldest))).execute(conn).map(drop)
        }
    }
}

/// The partners whose units `user` opened, the last one first. Whether they are still granted is for others to say.
pub fn of_user(conn: &mut Conn, user: UserId) -> QueryResult<Vec<PartnerHit>> {
    recent_units::table
        .inner_join(business_units::table.on(business_units::id.eq(recent_units::bu_id)))
        .inner_join(partners::table.on(partners::id.eq(business_units::partner_id)))
        .filter(recent_units::user_id.eq(user))
        .order(recent_units::opened_at.desc())
        .select((partners::id, partners::name, business_units::id))
        .limit(KEPT)
        .load(conn)
}
