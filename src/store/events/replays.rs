//! Table `replays`: bulk re-sends, and how far each is.

use diesel::prelude::*;

use crate::domain::events::replay::{ReplayState, StopReason};
use crate::domain::id::{BuId, DeliveryId, ReplayId, UserId, WebhookId};
use crate::domain::time::Ts;
use crate::store::dialect::skip_locked;
use crate::store::pool::Conn;
use crate::store::schema::replays;

/// A replay as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = replays)]
#[diesel(treat_none_as_default_value = false)]
pub struct ReplayRow {
    /// Its id.
    pub id: ReplayId,
    /// The tenant.
    pub bu_id: BuId,
    /// The webhook whose deliveries are sent again.
    pub webhook_id: WebhookId,
    /// Which ones, as `Selection` writes it.
    pub selection: String,
    /// Deliveries a second.
    pub pace_per_second: Option<i32>,
    /// Where it stands.
    pub state: ReplayState,
    /// How many deliveries were chosen when it was made.
    pub total: i64,
    /// How many of them were dealt with.
    pub done: i64,
    /// The last delivery that was looked at.
    pub position: Option<DeliveryId>,
    /// The login that made it.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: Ts,
    /// When it ended.
    pub finished_at: Option<Ts>,
    /// How many of those dealt with could not be sent again.
    pub skipped: i64,
    /// Why it could not go on.
    pub reason: Option<StopReason>,
    /// When it goes on.
    pub next_at: Option<Ts>,
}

/// Stores a replay.
pub fn insert(conn: &mut Conn, row: &ReplayRow) -> QueryResult<()> {
    diesel::insert_into(replays::table).values(row).execute(conn).map(drop)
}

/// One replay of `bu`.
pub fn find(conn: &mut Conn, bu: BuId, id: ReplayId) -> QueryResult<Option<ReplayRow>> {
    replays::table
        .find(id)
        .filter(replays::bu_id.eq(bu))
        .select(ReplayRow::as_select())
        .first(conn)
        .optional()
}

/// The replays of `bu` from before `before`, newest first, at most `limit`.
pub fn list(conn: &mut Conn, bu: BuId, before: Option<ReplayId>, limit: i64) -> QueryResult<Vec<ReplayRow>> {
    let mut query = replays::table.filter(replays::bu_id.eq(bu)).select(ReplayRow::as_select()).into_boxed();
    if let Some(before) = before {
        query = query.filter(replays::id.lt(before));
    }
    query.order(replays::id.desc()).limit(limit).load(conn)
}

/// The replay of this webhook of `bu` that came after `id`.
pub fn next_of_webhook(
    conn: &mut Conn,
    bu: BuId,
    webhook: WebhookId,
    id: ReplayId,
) -> QueryResult<Option<ReplayId>> {
    replays::table
        .filter(replays::bu_id.eq(bu).and(replays::webhook_id.eq(webhook)).and(replays::id.gt(id)))
        .order(replays::id)
        .select(replays::id)
        .first(conn)
        .optional()
}

/// Whether a replay of this webhook of `bu` runs.
pub fn is_running(conn: &mut Conn, bu: BuId, webhook: WebhookId) -> QueryResult<bool> {
    // The state is written out, so that both databases know that the partial index fits.
    let running = diesel::dsl::sql::<diesel::sql_types::Bool>("state = 'running'");
    let these = replays::table.filter(replays::webhook_id.eq(webhook).and(replays::bu_id.eq(bu)));
    diesel::select(diesel::dsl::exists(these.filter(running))).get_result(conn)
}

/// When the next running replay goes on. For upkeep, which serves every tenant.
pub fn next_due(conn: &mut Conn) -> QueryResult<Option<Ts>> {
    let running = diesel::dsl::sql::<diesel::sql_types::Bool>("state = 'running'");
    let first = replays::table.filter(running).order(replays::next_at).select(replays::next_at);
    first.first::<Option<Ts>>(conn).optional().map(Option::flatten)
}

/// The running replay that is due longest at `now`, held until the transaction ends; one that another node is
/// at is passed over. For upkeep.
pub fn take_due(conn: &mut Conn, now: Ts) -> QueryResult<Option<ReplayRow>> {
    let running = diesel::dsl::sql::<diesel::sql_types::Bool>("state = 'running'");
    let rows: Vec<ReplayRow> = skip_locked!(
        conn,
        replays::table
            .filter(running)
            .filter(replays::next_at.le(now))
            .select(ReplayRow::as_select())
            .order(replays::next_at)
            .limit(1)
    );
    Ok(rows.into_iter().next())
}

/// Stores how far a replay is.
pub fn advance(conn: &mut Conn, row: &ReplayRow) -> QueryResult<()> {
    diesel::update(replays::table.find(row.id).filter(replays::bu_id.eq(row.bu_id)))
        .set((
            replays::state.eq(row.state),
            replays::done.eq(row.done),
            replays::skipped.eq(row.skipped),
            replays::position.eq(row.position),
            replays::finished_at.eq(row.finished_at),
            replays::reason.eq(row.reason),
            replays::next_at.eq(row.next_at),
        ))
        .execute(conn)
        .map(drop)
}

/// Ends a running replay of `bu` on somebody's word; whether it was running.
pub fn cancel(conn: &mut Conn, bu: BuId, id: ReplayId, now: Ts) -> QueryResult<bool> {
    let here = replays::table.find(id).filter(replays::bu_id.eq(bu));
    diesel::update(here.filter(replays::state.eq(ReplayState::Running)))
        .set((
            replays::state.eq(ReplayState::Cancelled),
            replays::finished_at.eq(Some(now)),
            replays::next_at.eq(None::<Ts>),
        ))
        .execute(conn)
        .map(|n| n == 1)
}
