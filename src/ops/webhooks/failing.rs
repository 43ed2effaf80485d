//! Webhooks that fail for days: their owners are warned twice, then they are switched off.

use std::time::Duration;

use serde_json::json;

use crate::domain::id::WebhookId;
use crate::domain::time::Ts;
use crate::domain::webhooks::webhook::{InactiveReason, WebhookStatus};
use crate::ops::Error;
use crate::ops::cx::Tools;
use crate::ops::events::publish::{News, take_order, write_and_tell};
use crate::ops::system::audit::{self, Entry};
use crate::ops::webhooks::read::{WebhookView, view};
use crate::ops::webhooks::told;
use crate::store::dialect;
use crate::store::pool::Conn;
use crate::store::webhooks::failing::{self, Failing};
use crate::store::webhooks::webhooks::{self, WebhookEdit};

/// After how long without a success a webhook is switched off.
const LONGEST: Duration = Duration::from_hours(5 * 24);
/// After how long its owner is warned, and warned again.
const WARNINGS: [Duration; 2] = [Duration::from_hours(24), Duration::from_hours(4 * 24)];
/// How many attempts must have failed by then, so that one unlucky event switches nothing off.
const LEAST_ATTEMPTS: i64 = 20;
/// How many deliveries must have been given up.
const LEAST_EXHAUSTED: i64 = 1;
/// One node at a time looks.
const LOCK: i64 = 0x6265_6c05;

/// Looks at every webhook that has been failing for long; gives those that were switched off. Blocks.
pub fn check(tools: &Tools) -> Result<Vec<WebhookId>, Error> {
    let now = tools.clock.now();
    let [first, _] = WARNINGS;
    let found = tools.db.read(|conn| Ok::<_, Error>(failing::list(conn, now - first)?))?;
    let mut off = Vec::new();
    for one in found {
        if write_and_tell(tools, |conn, news| decide(tools, conn, one, now, news))? {
            tools.handoff.changed(one.id);
            off.push(one.id);
        }
    }
    Ok(off)
}

/// Whether the webhook was switched off.
fn decide(tools: &Tools, conn: &mut Conn, one: Failing, now: Ts, news: &mut News) -> Result<bool, Error> {
    // Somebody else is at it, or has changed it since it was listed.
    if !dialect::try_lock(conn, LOCK)? {
        return Ok(false);
    }
    // In the order in which those who publish and settle take them: the unit's events, then the webhook.
    take_order(conn, one.bu)?;
    let Some(row) = webhooks::hold(conn, one.bu, one.id)? else { return Ok(false) };
    let Some(since) = row.failing_since else { return Ok(false) };
    if row.status == WebhookStatus::Inactive || row.failing_since != one.since {
        return Ok(false);
    }
    let (attempts, exhausted) = failing::failures(conn, one.bu, one.id, since.hour())?;
    if now >= since + LONGEST && attempts >= LEAST_ATTEMPTS && exhausted >= LEAST_EXHAUSTED {
        let webhook = view(conn, row)?;
        switch_off(tools, conn, &webhook, attempts, now, news)?;
        return Ok(true);
    }
    let is_due = |at: Ts| now >= at && one.warned_at.is_none_or(|warned| warned < at);
    if WARNINGS.iter().any(|after| is_due(since + *after)) {
        let (webhook, since) = (one.id, since.to_string());
        tracing::warn!(%webhook, since, attempts, exhausted, "a webhook is failing and will be switched off");
        failing::warned(conn, one.id, now)?;
    }
    Ok(false)
}

fn switch_off(
    tools: &Tools,
    conn: &mut Conn,
    webhook: &WebhookView,
    attempts: i64,
    now: Ts,
    news: &mut News,
) -> Result<(), Error> {
    let (bu, id) = (webhook.row.bu_id, webhook.row.id);
    let edit = WebhookEdit {
        status: Some(WebhookStatus::Inactive),
        inactive_reason: Some(Some(InactiveReason::Failing)),
        updated_at: Some(now),
        ..WebhookEdit::default()
    };
    webhooks::edit(conn, bu, id, &edit)?;
    let row = webhooks::find(conn, bu, id)?.ok_or(Error::NotFound)?;
    let off = view(conn, row)?;
    let event = told::disabled(&off, Some(attempts), now);
    news.add(tools, conn, event)?;
    tracing::warn!(webhook = %id, attempts, "a webhook was switched off, because nothing has arrived for days");
    let entry = Entry {
        action: "webhook.disabled",
        target_kind: "webhook",
        target_id: id.to_string(),
        before: Some(json!({"status": WebhookStatus::Active})),
        after: Some(json!({"status": WebhookStatus::Inactive, "reason": InactiveReason::Failing})),
    };
    audit::record_own(&tools.clock, conn, Some(bu), entry)
}
