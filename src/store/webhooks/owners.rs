//! Webhooks by what they hang on: the login that answers for them, a team, a programme.

use diesel::prelude::*;

use crate::domain::id::{BuId, ProgrammeId, TeamId, UserId, WebhookId};
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::{InactiveReason, WebhookStatus};
use crate::store::pool::Conn;
use crate::store::schema::webhooks;

/// A webhook with its name.
pub type Named = (WebhookId, String);

/// The webhooks of `bu` that `user` owns, oldest first.
pub fn of_owner(conn: &mut Conn, bu: BuId, user: UserId) -> QueryResult<Vec<Named>> {
    let live = webhooks::bu_id.eq(bu).and(webhooks::deleted_at.is_null());
    webhooks::table
        .filter(live.and(webhooks::owner.eq(Some(user))))
        .select((webhooks::id, webhooks::name))
        .order(webhooks::id)
        .load(conn)
}

/// Gives the webhooks of `bu` that `from` owns to `to`, or to nobody.
pub fn hand_over(conn: &mut Conn, bu: BuId, from: UserId, to: Option<UserId>, now: Ts) -> QueryResult<usize> {
    diesel::update(webhooks::table.filter(webhooks::bu_id.eq(bu).and(webhooks::owner.eq(Some(from)))))
        .set((webhooks::owner.eq(to), webhooks::updated_at.eq(Some(now))))
        .execute(conn)
}

/// Switches the active webhooks of `bu` off that `user` owns, because that login is removed; gives which.
pub fn stop_of_owner(conn: &mut Conn, bu: BuId, user: UserId, now: Ts) -> QueryResult<Vec<WebhookId>> {
    let active = webhooks::bu_id.eq(bu).and(webhooks::deleted_at.is_null());
    let ids: Vec<WebhookId> = webhooks::table
        .filter(active.and(webhooks::status.eq(WebhookStatus::Active)).and(webhooks::owner.eq(Some(user))))
        .select(webhooks::id)
        .order(webhooks::id)
        .load(conn)?;
    diesel::update(webhooks::table.filter(webhooks::id.eq_any(&ids)))
        .set((
            webhooks::status.eq(WebhookStatus::Inactive),
            webhooks::inactive_reason.eq(Some(InactiveReason::OwnerRemoved)),
            webhooks::updated_at.eq(Some(now)),
        ))
        .execute(conn)?;
    Ok(ids)
}

/// The webhooks of `bu` that hear one login's events only, oldest first.
pub fn of_login(conn: &mut Conn, bu: BuId, user: UserId) -> QueryResult<Vec<Named>> {
    let live = webhooks::bu_id.eq(bu).and(webhooks::deleted_at.is_null());
    webhooks::table
        .filter(live.and(webhooks::for_login.eq(Some(user))))
        .select((webhooks::id, webhooks::name))
        .order(webhooks::id)
        .load(conn)
}

/// The webhooks of `bu` that are limited to a team, oldest first.
pub fn of_team(conn: &mut Conn, bu: BuId, team: TeamId) -> QueryResult<Vec<Named>> {
    let live = webhooks::bu_id.eq(bu).and(webhooks::deleted_at.is_null());
    webhooks::table
        .filter(live.and(webhooks::for_team.eq(Some(team))))
        .select((webhooks::id, webhooks::name))
        .order(webhooks::id)
        .load(conn)
}

/// The webhooks of `bu` that were made in a programme, oldest first.
pub fn of_programme(conn: &mut Conn, bu: BuId, programme: ProgrammeId) -> QueryResult<Vec<Named>> {
    let live = webhooks::bu_id.eq(bu).and(webhooks::deleted_at.is_null());
    webhooks::table
        .filter(live.and(webhooks::programme_id.eq(Some(programme))))
        .select((webhooks::id, webhooks::name))
        .order(webhooks::id)
        .load(conn)
}

/// The team of each webhook of `bu` that is limited to one of these.
pub fn teams_of_all(conn: &mut Conn, bu: BuId, teams: &[TeamId]) -> QueryResult<Vec<Option<TeamId>>> {
    let live = webhooks::bu_id.eq(bu).and(webhooks::deleted_at.is_null());
    let these: Vec<Option<TeamId>> = teams.iter().copied().map(Some).collect();
    webhooks::table.filter(live.and(webhooks::for_team.eq_any(these))).select(webhooks::for_team).load(conn)
}

/// The programme of each webhook of `bu` that was made in one of these.
pub fn programmes_of_all(
    conn: &mut Conn,
    bu: BuId,
    programmes: &[ProgrammeId],
) -> QueryResult<Vec<Option<ProgrammeId>>> {
    let live = webhooks::bu_id.eq(bu).and(webhooks::deleted_at.is_null());
    let these: Vec<Option<ProgrammeId>> = programmes.iter().copied().map(Some).collect();
    let of_these = live.and(webhooks::programme_id.eq_any(these));
    webhooks::table.filter(of_these).select(webhooks::programme_id).load(conn)
}

/// Deleted webhooks of `bu` no longer name a team that goes.
pub fn forget_team(conn: &mut Conn, bu: BuId, team: TeamId) -> QueryResult<()> {
    diesel::update(webhooks::table.filter(webhooks::bu_id.eq(bu).and(webhooks::for_team.eq(Some(team)))))
        .set(webhooks::for_team.eq(None::<TeamId>))
        .execute(conn)
        .map(drop)
}

/// Deleted webhooks of `bu` no longer name a programme that goes.
pub fn forget_programme(conn: &mut Conn, bu: BuId, programme: ProgrammeId) -> QueryResult<()> {
    let these = webhooks::bu_id.eq(bu).and(webhooks::programme_id.eq(Some(programme)));
    diesel::update(webhooks::table.filter(these))
        .set(webhooks::programme_id.eq(None::<ProgrammeId>))
        .execute(conn)
        .map(drop)
}
