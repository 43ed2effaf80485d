//! Tables `audit` and `audit_heads`: what was changed by whom, in one order, each row bound to the one before.

use diesel::prelude::*;

use crate::domain::id::{AuditId, BuId};
use crate::domain::time::Ts;
use crate::store::pool::Conn;
use crate::store::schema::{audit, audit_heads};

/// The one row of `audit_heads`.
const HEAD: i32 = 1;

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

/// The rows of `bu` before place `before`, newest first, at most `limit`.
pub fn list(conn: &mut Conn, bu: BuId, before: Option<i64>, limit: i64) -> QueryResult<Vec<AuditRow>> {
    audit::table
        .filter(audit::bu_id.eq(bu).and(audit::seq.lt(before.unwrap_or(i64::MAX))))
        .select(AuditRow::as_select())
        .order(audit::seq.desc())
        .limit(limit)
        .load(conn)
}
