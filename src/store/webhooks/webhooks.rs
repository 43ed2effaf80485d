//! Table `webhooks`: subscriptions of a business unit.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::domain::access::partner::PartnerNumber;
use crate::domain::id::{BuId, ProgrammeId, TeamId, UserId, WebhookId};
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::{InactiveReason, Origin, Reach, WebhookStatus};
use crate::store::dialect::held;
use crate::store::pool::Conn;
use crate::store::rows::{self, Cell, Statement};
use crate::store::schema::{triggers, webhook_texts, webhooks};
use crate::store::webhooks::texts;

/// How many one statement names.
const MOST_AT_ONCE: usize = 500;

/// A webhook as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhooks)]
#[diesel(treat_none_as_default_value = false)]
pub struct WebhookRow {
    /// Its id.
    pub id: WebhookId,
    /// The tenant.
    pub bu_id: BuId,
    /// Its name.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// Whether it takes part in routing.
    pub status: WebhookStatus,
    /// Why it does not.
    pub inactive_reason: Option<InactiveReason>,
    /// Where it was made.
    pub origin: Origin,
    /// The programme it was made in.
    pub programme_id: Option<ProgrammeId>,
    /// Whose events it hears.
    pub reach: Reach,
    /// The partner whose business units it reaches.
    pub reach_partner_id: Option<PartnerNumber>,
    /// The one login whose events trigger it.
    pub for_login: Option<UserId>,
    /// The team whose events trigger it.
    pub for_team: Option<TeamId>,
    /// The login that made it.
    pub created_by: Option<UserId>,
    /// The login that answers for it.
    pub owner: Option<UserId>,
    /// When it was made.
    pub created_at: Ts,
    /// When it was last changed.
    pub updated_at: Option<Ts>,
    /// When it was deleted; its logs stay until retention removes them.
    pub deleted_at: Option<Ts>,
    /// When the last attempt ended.
    pub last_sent_at: Option<Ts>,
    /// Whether that attempt succeeded.
    pub last_sent_ok: Option<bool>,
    /// Since when no attempt succeeded.
    pub failing_since: Option<Ts>,
    /// Whether a tool subscribed it for itself.
    pub rest_hook: bool,
}

/// Stores a webhook, which is found once its endpoints are stored too.
pub fn insert(conn: &mut Conn, row: &WebhookRow) -> QueryResult<()> {
    diesel::insert_into(webhooks::table).values(row).execute(conn).map(drop)
}

/// One webhook of `bu` that is not deleted.
pub fn find(conn: &mut Conn, bu: BuId, id: WebhookId) -> QueryResult<Option<WebhookRow>> {
    webhooks::table
        .find(id)
        .filter(webhooks::bu_id.eq(bu).and(webhooks::deleted_at.is_null()))
        .select(WebhookRow::as_select())
        .first(conn)
        .optional()
}

/// Those of these webhooks of `bu` that are not deleted.
pub fn find_each(conn: &mut Conn, bu: BuId, ids: &[WebhookId]) -> QueryResult<Vec<WebhookRow>> {
    webhooks::table
        .filter(webhooks::id.eq_any(ids).and(webhooks::bu_id.eq(bu)).and(webhooks::deleted_at.is_null()))
        .select(WebhookRow::as_select())
        .load(conn)
}

/// The business unit in which there is or was a webhook with this id. For forms, which bring theirs along.
pub fn unit_of(conn: &mut Conn, id: WebhookId) -> QueryResult<Option<BuId>> {
    webhooks::table.find(id).select(webhooks::bu_id).first(conn).optional()
}

/// The same as [`find`], and nobody else changes it until the transaction ends.
pub fn hold(conn: &mut Conn, bu: BuId, id: WebhookId) -> QueryResult<Option<WebhookRow>> {
    let rows: Vec<WebhookRow> = held!(
        conn,
        webhooks::table
            .find(id)
            .filter(webhooks::bu_id.eq(bu).and(webhooks::deleted_at.is_null()))
            .select(WebhookRow::as_select())
    );
    Ok(rows.into_iter().next())
}

/// Which webhooks a list shows.
#[derive(Debug, Clone, Default)]
pub struct WebhookFilter {
    /// Only of this status.
    pub status: Option<WebhookStatus>,
    /// Only with a trigger for this event type.
    pub event: Option<String>,
}

/// How many webhooks of `bu` fit `filter`. A unit has hundreds at most, not a history.
pub fn count(conn: &mut Conn, bu: BuId, filter: &WebhookFilter) -> QueryResult<i64> {
    filtered(bu, filter).count().get_result(conn)
}

/// How many webhooks each of these units has; those without any are left out.
pub fn counts(conn: &mut Conn, units: &[BuId]) -> QueryResult<Vec<(BuId, i64)>> {
    webhooks::table
        .filter(webhooks::bu_id.eq_any(units).and(webhooks::deleted_at.is_null()))
        .group_by(webhooks::bu_id)
        .select((webhooks::bu_id, diesel::dsl::count_star()))
        .load(conn)
}

/// The webhooks of `bu` that fit `filter`, oldest first, from the `skip`th on, at most `limit`.
pub fn list(
    conn: &mut Conn,
    bu: BuId,
    filter: &WebhookFilter,
    skip: i64,
    limit: i64,
) -> QueryResult<Vec<WebhookRow>> {
    filtered(bu, filter)
        .select(WebhookRow::as_select())
        .order(webhooks::id)
        .offset(skip)
        .limit(limit)
        .load(conn)
}

type Boxed<'a> = webhooks::BoxedQuery<'a, crate::store::pool::MultiBackend>;

fn filtered<'a>(bu: BuId, filter: &WebhookFilter) -> Boxed<'a> {
    let mut query =
        webhooks::table.filter(webhooks::bu_id.eq(bu).and(webhooks::deleted_at.is_null())).into_boxed();
    if let Some(status) = filter.status {
        query = query.filter(webhooks::status.eq(status));
    }
    if let Some(event) = filter.event.clone() {
        let with = triggers::table
            .filter(triggers::bu_id.eq(bu).and(triggers::event_type.eq(event)))
            .select(triggers::webhook_id);
        query = query.filter(webhooks::id.eq_any(with));
    }
    query
}

/// Which part of the list of webhooks a page shows, newest first.
#[derive(Debug, Clone, Default)]
pub struct WebhookPart {
    /// Only of this status.
    pub status: Option<WebhookStatus>,
    /// Only those whose last attempt failed, or that were switched off for failing.
    pub failing: bool,
    /// Only with a trigger for this event type.
    pub event: Option<String>,
    /// Only those for this login.
    pub for_login: Option<UserId>,
    /// Only those for this team.
    pub for_team: Option<TeamId>,
    /// Only after this one in the list: older ones.
    pub after: Option<WebhookId>,
    /// Only before this one: newer ones, the oldest of them first.
    pub before: Option<WebhookId>,
    /// Only those made there.
    pub origin: Option<Origin>,
    /// Only those of this programme.
    pub programme: Option<ProgrammeId>,
    /// Only those in whose id, name or addresses this text stands, folded.
    pub text: Option<String>,
}

/// A part of the webhooks of `bu`, newest first unless it lies before one, at most `limit`.
pub fn part(conn: &mut Conn, bu: BuId, part: &WebhookPart, limit: i64) -> QueryResult<Vec<WebhookRow>> {
    let filter = WebhookFilter { status: part.status, event: part.event.clone() };
    let mut query = filtered(bu, &filter);
    if part.failing {
        let switched_off = webhooks::inactive_reason.eq(Some(InactiveReason::Failing));
        query = query.filter(webhooks::failing_since.is_not_null().or(switched_off));
    }
    if let Some(login) = part.for_login {
        query = query.filter(webhooks::for_login.eq(login));
    }
    if let Some(team) = part.for_team {
        query = query.filter(webhooks::for_team.eq(team));
    }
    if let Some(before) = part.before {
        query = query.filter(webhooks::id.gt(before));
    }
    if let Some(after) = part.after {
        query = query.filter(webhooks::id.lt(after));
    }
    if let Some(origin) = part.origin {
        query = query.filter(webhooks::origin.eq(origin));
    }
    if let Some(programme) = part.programme {
        query = query.filter(webhooks::programme_id.eq(Some(programme)));
    }
    if let Some(text) = &part.text {
        let holding = webhook_texts::table
            .filter(webhook_texts::bu_id.eq(bu).and(texts::standing(conn, text)))
            .select(webhook_texts::webhook_id);
        query = query.filter(webhooks::id.eq_any(holding));
    }
    let query = query.select(WebhookRow::as_select()).limit(limit);
    if part.before.is_some() {
        return query.order(webhooks::id).load(conn);
    }
    query.order(webhooks::id.desc()).load(conn)
}

/// How many webhooks of `bu` were made for the unit, or in programmes, or in this one.
pub fn count_made(
    conn: &mut Conn,
    bu: BuId,
    origin: Origin,
    programme: Option<ProgrammeId>,
) -> QueryResult<i64> {
    let mut query = filtered(bu, &WebhookFilter::default()).filter(webhooks::origin.eq(origin));
    if let Some(programme) = programme {
        query = query.filter(webhooks::programme_id.eq(Some(programme)));
    }
    query.count().get_result(conn)
}

/// Ids and names of the webhooks of `bu`, newest first, at most `limit`.
pub fn named(conn: &mut Conn, bu: BuId, limit: i64) -> QueryResult<Vec<(WebhookId, String)>> {
    filtered(bu, &WebhookFilter::default())
        .select((webhooks::id, webhooks::name))
        .order(webhooks::id.desc())
        .limit(limit)
        .load(conn)
}

/// The names of these webhooks of `bu`, deleted ones too: logs outlive them.
pub fn names(conn: &mut Conn, bu: BuId, ids: &[WebhookId]) -> QueryResult<Vec<(WebhookId, String)>> {
    webhooks::table
        .filter(webhooks::id.eq_any(ids).and(webhooks::bu_id.eq(bu)))
        .select((webhooks::id, webhooks::name))
        .load(conn)
}

/// Those of these webhooks of `bu` that hear other units, or ever did; deleted ones too.
pub fn ever_reaching(conn: &mut Conn, bu: BuId, ids: &[WebhookId]) -> QueryResult<Vec<WebhookId>> {
    webhooks::table
        .filter(webhooks::id.eq_any(ids).and(webhooks::bu_id.eq(bu)))
        .filter(webhooks::reach_partner_id.is_not_null())
        .select(webhooks::id)
        .load(conn)
}

/// What an edit may set. Fields that are `None` stay.
#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = webhooks)]
pub struct WebhookEdit {
    /// A new name.
    pub name: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// A new status.
    pub status: Option<WebhookStatus>,
    /// A new reason; `Some(None)` removes it.
    pub inactive_reason: Option<Option<InactiveReason>>,
    /// A new reach.
    pub reach: Option<Reach>,
    /// The partner whose units it reaches or reached.
    pub reach_partner_id: Option<Option<PartnerNumber>>,
    /// A new login whose events trigger it; `Some(None)` removes it.
    pub for_login: Option<Option<UserId>>,
    /// A new team whose events trigger it; `Some(None)` removes it.
    pub for_team: Option<Option<TeamId>>,
    /// Since when no attempt succeeded; `Some(None)` begins anew.
    pub failing_since: Option<Option<Ts>>,
    /// When it is changed.
    pub updated_at: Option<Ts>,
    /// When it is deleted.
    pub deleted_at: Option<Ts>,
}

/// Changes one webhook of `bu`; whether it was there.
pub fn edit(conn: &mut Conn, bu: BuId, id: WebhookId, edit: &WebhookEdit) -> QueryResult<bool> {
    let here = webhooks::table.find(id).filter(webhooks::bu_id.eq(bu).and(webhooks::deleted_at.is_null()));
    let changed = diesel::update(here).set(edit).execute(conn)? == 1;
    if changed && (edit.name.is_some() || edit.deleted_at.is_some()) {
        texts::renew(conn, bu, id)?;
    }
    Ok(changed)
}

/// Switches every active webhook of `bu` off for this reason; gives which.
pub fn stop_all(conn: &mut Conn, bu: BuId, reason: InactiveReason, now: Ts) -> QueryResult<Vec<WebhookId>> {
    let active = WebhookFilter { status: Some(WebhookStatus::Active), event: None };
    let ids: Vec<WebhookId> = filtered(bu, &active).select(webhooks::id).load(conn)?;
    let edit = WebhookEdit {
        status: Some(WebhookStatus::Inactive),
        inactive_reason: Some(Some(reason)),
        updated_at: Some(now),
        ..WebhookEdit::default()
    };
    edit_all(conn, bu, &ids, &edit)?;
    Ok(ids)
}

/// Switches on what was switched off for this reason in `bu`; gives which.
pub fn start_again(
    conn: &mut Conn,
    bu: BuId,
    reason: InactiveReason,
    now: Ts,
) -> QueryResult<Vec<WebhookId>> {
    let stopped = webhooks::inactive_reason.eq(Some(reason));
    let ids: Vec<WebhookId> =
        filtered(bu, &WebhookFilter::default()).filter(stopped).select(webhooks::id).load(conn)?;
    let edit = WebhookEdit {
        status: Some(WebhookStatus::Active),
        inactive_reason: Some(None),
        updated_at: Some(now),
        ..WebhookEdit::default()
    };
    edit_all(conn, bu, &ids, &edit)?;
    Ok(ids)
}

fn edit_all(conn: &mut Conn, bu: BuId, ids: &[WebhookId], edit: &WebhookEdit) -> QueryResult<()> {
    for part in ids.chunks(MOST_AT_ONCE) {
        let these = webhooks::table.filter(webhooks::bu_id.eq(bu).and(webhooks::id.eq_any(part)));
        diesel::update(these).set(edit).execute(conn)?;
    }
    Ok(())
}

/// What is newly known of the attempts to a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// When the last of them ended.
    pub at: Ts,
    /// Whether that one succeeded.
    pub ok: bool,
    /// When the last success among them was.
    pub succeeded_at: Option<Ts>,
    /// The first failure of the receiver's after that success, or of all.
    pub failed_since: Option<Ts>,
}

// Nodes tell in no order: what is older than what is stored never takes its place. A success that comes late
// still says that the failing began after it.
impl Statement for Sent {
    const SQL: &'static str = "UPDATE webhooks SET \
        failing_since = CASE \
          WHEN {3} IS NULL AND last_sent_at > {1} THEN failing_since \
          WHEN {3} IS NULL THEN COALESCE(failing_since, {4}) \
          WHEN last_sent_at > {1} AND failing_since > {3} THEN failing_since \
          WHEN last_sent_at > {1} AND failing_since IS NOT NULL THEN last_sent_at \
          WHEN last_sent_at > {1} THEN NULL \
          ELSE {4} END, \
        last_sent_ok = CASE WHEN last_sent_at > {1} THEN last_sent_ok ELSE {2} END, \
        last_sent_at = CASE WHEN last_sent_at > {1} THEN last_sent_at ELSE {1} END \
        {from} WHERE webhooks.id = {0}";
}

/// Notes how attempts to webhooks went, in their order.
pub fn sent(conn: &mut Conn, all: &BTreeMap<WebhookId, Sent>) -> QueryResult<()> {
    let cells = all.iter().map(|(id, sent)| {
        [
            Cell::text(id.as_str()),
            Cell::BigInt(Some(sent.at.0)),
            Cell::Bool(sent.ok),
            Cell::BigInt(sent.succeeded_at.map(|at| at.0)),
            Cell::BigInt(sent.failed_since.map(|at| at.0)),
        ]
    });
    rows::run::<Sent, 5>(conn, cells).map(drop)
}
