//! Tables `audit` and `audit_heads`: what was changed by whom, in one order, each row bound to the one before.

use diesel::prelude::*;

use crate::domain::id::{AuditId, BuId};
use crate::domain::time::Ts;
use crate::store::pool::Conn;
use crate::store::schema::{audit, audit_heads};
use crate::store::system::settings;

/// The one row of `audit_heads`.
const HEAD: i32 = 1;

/// The setting without which the database itself refuses to remove rows.
const RETENTION: &str = "audit_retention";

/// A row of the audit log.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit)]
#[diesel(treat_none_as_default_value = false)]
pub struct AuditRow {
    /// Its place in the log, from 1, without gaps.
    pub seq: i64,
    /// Its id.
    pub id: AuditId,
    /// When.
    pub at: Ts,
    /// The tenant it was done in.
    pub bu_id: Option<BuId>,
    /// `user`, `token`, `operator` or `system`.
    pub actor_kind: String,
    /// The login's or token's id.
    pub actor_id: Option<String>,
    /// The actor's name at that time.
    pub actor_name: String,
    /// What was done: `token.created`.
    pub action: String,
    /// What kind of thing it was done to.
    pub target_kind: String,
    /// Which one.
    pub target_id: String,
    /// What it was before, as JSON without secrets.
    pub before: Option<String>,
    /// What it was after, as JSON without secrets.
    pub after: Option<String>,
    /// The address it came from.
    pub ip: Option<String>,
    /// The request it came with.
    pub request_id: Option<String>,
    /// The hash of the row before; empty in the first one.
    pub previous_hash: String,
    /// The hash of all of the above.
    pub hash: String,
}

/// The last place in the log, and the hash of its row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Head {
    /// The place; 0 when the log is empty.
    pub seq: i64,
    /// The hash; empty when the log is empty.
    pub hash: String,
}

/// Takes the next place. Others wait for theirs until the transaction ends. The hash is that of the row
/// before.
pub fn take_place(conn: &mut Conn) -> QueryResult<Head> {
    diesel::update(audit_heads::table.find(HEAD))
        .set(audit_heads::seq.eq(audit_heads::seq + 1))
        .returning((audit_heads::seq, audit_heads::hash))
        .get_result(conn)
}

/// Stores a row at the place that was taken for it.
pub fn append(conn: &mut Conn, row: &AuditRow) -> QueryResult<()> {
    diesel::insert_into(audit::table).values(row).execute(conn)?;
    diesel::update(audit_heads::table.find(HEAD)).set(audit_heads::hash.eq(&row.hash)).execute(conn).map(drop)
}

/// The last place.
pub fn head(conn: &mut Conn) -> QueryResult<Head> {
    audit_heads::table.find(HEAD).select((audit_heads::seq, audit_heads::hash)).first(conn)
}

/// Removes the first rows of the log that are from before `before`, at most `limit`, and never the last one; gives
/// the place and the hash of the last that went, and how many went. Nothing else removes rows.
pub fn shorten(conn: &mut Conn, before: Ts, limit: i64) -> QueryResult<Option<(Head, usize)>> {
    let end = head(conn)?.seq;
    let first: Vec<(i64, String, Ts)> = audit::table
        .filter(audit::seq.lt(end))
        .select((audit::seq, audit::hash, audit::at))
        .order(audit::seq)
        .limit(limit)
        .load(conn)?;
    let old = first.into_iter().take_while(|(_, _, at)| *at < before).last();
    let Some((seq, hash, _)) = old else { return Ok(None) };
    settings::set(conn, RETENTION, "on")?;
    let removed = diesel::delete(audit::table.filter(audit::seq.le(seq))).execute(conn)?;
    settings::remove(conn, RETENTION)?;
    Ok(Some((Head { seq, hash }, removed)))
}

/// The rows after place `after` and up to `last`, in order, at most `limit`. For the check of the whole log.
pub fn rows(conn: &mut Conn, after: i64, last: i64, limit: i64) -> QueryResult<Vec<AuditRow>> {
    audit::table
        .filter(audit::seq.gt(after).and(audit::seq.le(last)))
        .select(AuditRow::as_select())
        .order(audit::seq)
        .limit(limit)
        .load(conn)
}

/// The last rows about one thing of `bu`, newest first, at most `limit`.
pub fn of_target(conn: &mut Conn, bu: BuId, target: &str, limit: i64) -> QueryResult<Vec<AuditRow>> {
    audit::table
        .filter(audit::bu_id.eq(bu).and(audit::target_id.eq(target)))
        .select(AuditRow::as_select())
        .order(audit::seq.desc())
        .limit(limit)
        .load(conn)
}

/// Which rows of a unit are looked for.
#[derive(Debug, Clone, Default)]
pub struct AuditPart {
    /// Only by this login or token.
    pub actor: Option<String>,
    /// Only by actors of this kind without an id: `operator`, `system`.
    pub actor_kind: Option<String>,
    /// Only of this kind.
    pub action: Option<String>,
    /// Only to this thing.
    pub target: Option<String>,
    /// Only from this moment on.
    pub from: Option<Ts>,
    /// Only up to this moment.
    pub to: Option<Ts>,
    /// Only before this place.
    pub before: Option<i64>,
}

/// A part of the rows of `bu`, newest first, at most `limit`.
pub fn part(conn: &mut Conn, bu: BuId, part: &AuditPart, limit: i64) -> QueryResult<Vec<AuditRow>> {
    let (low, high) = places(conn, bu, part.from, part.to)?;
    let below = part.before.unwrap_or(i64::MAX).min(high);
    let mut query = audit::table
        .filter(audit::bu_id.eq(bu).and(audit::seq.gt(low)).and(audit::seq.lt(below)))
        .select(AuditRow::as_select())
        .into_boxed();
    if let Some(actor) = part.actor.clone() {
        query = query.filter(audit::actor_id.eq(actor));
    }
    if let Some(kind) = part.actor_kind.clone() {
        query = query.filter(audit::actor_id.is_null().and(audit::actor_kind.eq(kind)));
    }
    if let Some(action) = part.action.clone() {
        query = query.filter(audit::action.eq(action));
    }
    if let Some(target) = part.target.clone() {
        query = query.filter(audit::target_id.eq(target));
    }
    if let Some(from) = part.from {
        query = query.filter(audit::at.ge(from));
    }
    if let Some(to) = part.to {
        query = query.filter(audit::at.le(to));
    }
    query.order(audit::seq.desc()).limit(limit).load(conn)
}

/// The places between which rows of these moments lie: two looks at an index instead of a walk through the
/// whole log. Rows take their places up to an hour after their moments.
fn places(conn: &mut Conn, bu: BuId, from: Option<Ts>, to: Option<Ts>) -> QueryResult<(i64, i64)> {
    const LATEST: std::time::Duration = std::time::Duration::from_hours(1);
    let of_unit = audit::bu_id.eq(bu);
    let low: Option<i64> = match from {
        Some(from) => audit::table
            .filter(of_unit.and(audit::at.lt(from - LATEST)))
            .select(audit::seq)
            .order((audit::at.desc(), audit::seq.desc()))
            .first(conn)
            .optional()?,
        None => None,
    };
    let high: Option<i64> = match to {
        Some(to) => audit::table
            .filter(of_unit.and(audit::at.gt(to + LATEST)))
            .select(audit::seq)
            .order((audit::at, audit::seq))
            .first(conn)
            .optional()?,
        None => None,
    };
    Ok((low.unwrap_or(0), high.unwrap_or(i64::MAX)))
}

/// The rows of `bu` before place `before`, newest first, at most `limit`.
pub fn list(conn: &mut Conn, bu: BuId, before: Option<i64>, limit: i64) -> QueryResult<Vec<AuditRow>> {
    audit::table
        .filter(audit::bu_id.eq(bu).and(audit::seq.lt(before.unwrap_or(i64::MAX))))
        .select(AuditRow::as_select())
        .order(audit::seq.desc())
        .limit(limit)
        .load(conn)
}
