//! Tables `teams` and `team_members`: named groups of logins in a business unit.

use diesel::prelude::*;

use crate::domain::id::{BuId, TeamId, UserId};
use crate::domain::time::Ts;
use crate::store::dialect::each;
use crate::store::pool::Conn;
use crate::store::schema::{team_members, teams};

/// A team as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = teams)]
pub struct TeamRow {
    /// Its id.
    pub id: TeamId,
    /// The tenant.
    pub bu_id: BuId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Ts,
}

#[derive(Insertable)]
#[diesel(table_name = team_members)]
struct MemberRow {
    team_id: TeamId,
    user_id: UserId,
    created_at: Ts,
}

/// Stores a team.
pub fn insert(conn: &mut Conn, row: &TeamRow) -> QueryResult<()> {
    diesel::insert_into(teams::table).values(row).execute(conn).map(drop)
}

/// One team of `bu`.
pub fn find(conn: &mut Conn, bu: BuId, id: TeamId) -> QueryResult<Option<TeamRow>> {
    teams::table.find(id).filter(teams::bu_id.eq(bu)).select(TeamRow::as_select()).first(conn).optional()
}

/// The teams of `bu`, oldest first.
pub fn list(conn: &mut Conn, bu: BuId) -> QueryResult<Vec<TeamRow>> {
    teams::table.filter(teams::bu_id.eq(bu)).select(TeamRow::as_select()).order(teams::id).load(conn)
}

/// The names of these teams of `bu`.
pub fn names(conn: &mut Conn, bu: BuId, ids: &[TeamId]) -> QueryResult<Vec<(TeamId, String)>> {
    teams::table
        .filter(teams::id.eq_any(ids).and(teams::bu_id.eq(bu)))
        .select((teams::id, teams::name))
        .load(conn)
}

/// Whether a team of `bu` other than `but` has this name.
pub fn is_name_taken(conn: &mut Conn, bu: BuId, name: &str, but: Option<TeamId>) -> QueryResult<bool> {
    let named = teams::table.filter(teams::bu_id.eq(bu).and(teams::name.eq(name)));
    let found: Vec<TeamId> = named.select(teams::id).load(conn)?;
    Ok(found.into_iter().any(|id| Some(id) != but))
}

/// Gives a team of `bu` another name.
pub fn rename(conn: &mut Conn, bu: BuId, id: TeamId, name: &str) -> QueryResult<()> {
    let this = teams::table.find(id).filter(teams::bu_id.eq(bu));
    diesel::update(this).set(teams::name.eq(name)).execute(conn).map(drop)
}

/// Removes a team of `bu` with its memberships. No webhook may name it.
pub fn remove(conn: &mut Conn, bu: BuId, id: TeamId) -> QueryResult<()> {
    let of_unit = teams::table.filter(teams::id.eq(id).and(teams::bu_id.eq(bu))).select(teams::id);
    diesel::delete(team_members::table.filter(team_members::team_id.eq_any(of_unit))).execute(conn)?;
    diesel::delete(teams::table.find(id).filter(teams::bu_id.eq(bu))).execute(conn).map(drop)
}

/// Adds `user` to a team of `bu`; whether it was there to add to and the login was not in it yet.
pub fn add_member(conn: &mut Conn, bu: BuId, team: TeamId, user: UserId, now: Ts) -> QueryResult<bool> {
    if find(conn, bu, team)?.is_none() {
        return Ok(false);
    }
    let row = MemberRow { team_id: team, user_id: user, created_at: now };
    let new = each!(conn, c => diesel::insert_into(team_members::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(new == 1)
}

/// Takes `user` out of a team of `bu`; whether it was in it.
pub fn remove_member(conn: &mut Conn, bu: BuId, team: TeamId, user: UserId) -> QueryResult<bool> {
    let of_unit = teams::table.filter(teams::id.eq(team).and(teams::bu_id.eq(bu))).select(teams::id);
    let this = team_members::table.filter(team_members::team_id.eq_any(of_unit));
    diesel::delete(this.filter(team_members::user_id.eq(user))).execute(conn).map(|n| n == 1)
}

/// Takes `user` out of every team of `bu`; gives which.
pub fn leave_all(conn: &mut Conn, bu: BuId, user: UserId) -> QueryResult<Vec<TeamId>> {
    let of_unit: Vec<TeamId> = team_members::table
        .inner_join(teams::table.on(teams::id.eq(team_members::team_id)))
        .filter(team_members::user_id.eq(user).and(teams::bu_id.eq(bu)))
        .select(teams::id)
        .load(conn)?;
    let these = team_members::user_id.eq(user).and(team_members::team_id.eq_any(&of_unit));
    diesel::delete(team_members::table.filter(these)).execute(conn)?;
    Ok(of_unit)
}

/// The teams of `bu` that these logins are in, by name.
pub fn names_by_member(conn: &mut Conn, bu: BuId, users: &[UserId]) -> QueryResult<Vec<(UserId, String)>> {
    team_members::table
        .inner_join(teams::table.on(teams::id.eq(team_members::team_id)))
        .filter(team_members::user_id.eq_any(users).and(teams::bu_id.eq(bu)))
        .select((team_members::user_id, teams::name))
        .order((teams::name, teams::id))
        .load(conn)
}

/// How many logins are in each of these teams of `bu`; those without any are absent.
pub fn sizes(conn: &mut Conn, bu: BuId, ids: &[TeamId]) -> QueryResult<Vec<(TeamId, i64)>> {
    team_members::table
        .inner_join(teams::table.on(teams::id.eq(team_members::team_id)))
        .filter(teams::id.eq_any(ids).and(teams::bu_id.eq(bu)))
        .group_by(teams::id)
        .select((teams::id, diesel::dsl::count_star()))
        .load(conn)
}

/// The logins in a team of `bu`.
pub fn members(conn: &mut Conn, bu: BuId, team: TeamId) -> QueryResult<Vec<UserId>> {
    team_members::table
        .inner_join(teams::table.on(teams::id.eq(team_members::team_id)))
        .filter(team_members::team_id.eq(team).and(teams::bu_id.eq(bu)))
        .select(team_members::user_id)
        .order(team_members::user_id)
        .load(conn)
}
