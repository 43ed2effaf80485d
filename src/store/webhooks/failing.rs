//! Webhooks that fail, whosever they are: for the one who watches over all of them.

use std::time::Duration;

use diesel::prelude::*;

use crate::domain::id::{BuId, WebhookId};
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::{InactiveReason, WebhookStatus};
use crate::store::pool::Conn;
use crate::store::schema::{delivery_hours, webhooks};

/// An active webhook without a recent success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct Failing {
    /// The webhook.
    pub id: WebhookId,
    /// Its tenant.
    pub bu: BuId,
    /// Since when no attempt succeeded.
    pub since: Option<Ts>,
    /// When its owner was last warned, of this time or an earlier one.
    pub warned_at: Option<Ts>,
}

/// The active webhooks that have been failing since `before` or longer, the longest first.
pub fn list(conn: &mut Conn, before: Ts) -> QueryResult<Vec<Failing>> {
    // Written out, so that both databases know that the partial index fits.
    let active = diesel::dsl::sql::<diesel::sql_types::Bool>("status = 'active' AND deleted_at IS NULL");
    webhooks::table
        .filter(webhooks::failing_since.is_not_null().and(webhooks::failing_since.le(before)))
        .filter(active)
        .select((webhooks::id, webhooks::bu_id, webhooks::failing_since, webhooks::failing_warned_at))
        .order(webhooks::failing_since)
        .load(conn)
}

/// How many active webhooks of `bu` have had no success for as long as `after` and longer, by their last attempt.
pub fn count(conn: &mut Conn, bu: BuId, after: Duration) -> QueryResult<i64> {
    let failing = diesel::dsl::sql::<diesel::sql_types::Bool>(
        "failing_since IS NOT NULL AND status = 'active' AND deleted_at IS NULL AND last_sent_at - failing_since >= ",
    )
    .bind::<diesel::sql_types::BigInt, _>(i64::try_from(after.as_micros()).unwrap_or(i64::MAX));
    webhooks::table.filter(webhooks::bu_id.eq(bu)).filter(failing).count().get_result(conn)
}

/// Notes that the owner was warned.
pub fn warned(conn: &mut Conn, id: WebhookId, at: Ts) -> QueryResult<()> {
    let here = webhooks::table.find(id);
    diesel::update(here).set(webhooks::failing_warned_at.eq(Some(at))).execute(conn).map(drop)
}

/// How many attempts to a webhook failed since an hour, and how many deliveries were given up.
pub fn failures(conn: &mut Conn, bu: BuId, id: WebhookId, since: Ts) -> QueryResult<(i64, i64)> {
    let hours: Vec<(i64, i64)> = delivery_hours::table
        .filter(delivery_hours::webhook_id.eq(id).and(delivery_hours::bu_id.eq(bu)))
        .filter(delivery_hours::hour.ge(since))
        .select((delivery_hours::failed_attempts, delivery_hours::exhausted))
        .load(conn)?;
    Ok(hours.into_iter().fold((0, 0), |sum, hour| (sum.0 + hour.0, sum.1 + hour.1)))
}

/// Switches a webhook of `bu` on that was switched off for failing; whether it was such a one.
pub fn revive(conn: &mut Conn, bu: BuId, id: WebhookId, now: Ts) -> QueryResult<bool> {
    let off = webhooks::table
        .find(id)
        .filter(webhooks::bu_id.eq(bu).and(webhooks::deleted_at.is_null()))
        .filter(webhooks::status.eq(WebhookStatus::Inactive))
        .filter(webhooks::inactive_reason.eq(Some(InactiveReason::Failing)));
    diesel::update(off)
        .set((
            webhooks::status.eq(WebhookStatus::Active),
            webhooks::inactive_reason.eq(None::<InactiveReason>),
            webhooks::failing_since.eq(None::<Ts>),
            webhooks::updated_at.eq(Some(now)),
        ))
        .execute(conn)
        .map(|rows| rows == 1)
}
